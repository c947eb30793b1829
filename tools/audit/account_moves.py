"""Account balances that the events alone make: which event moves which won from which account to which."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.audit.contract import SELF
from tools.audit.evidence import Event, Evidence

Account = tuple[str, int, str, str, str]  # programme, fiscal year, funder, municipality, kind
Move = tuple[int, str, str, str, int]  # fiscal year, funder, from, to, won

NAMES = (
    "past_spending.booked", "funds.committed", "self_contribution.confirmed", "tranche.approved", "tranche.disbursed",
    "tranche.failed", "tranche.held", "commitment.released",
)  # fmt: skip
CONTEXT = ("agreement.signed", "case.recorded", "case.abandoned")
STEPS = {
    "tranche.approved": ("committed", "payable"),
    "tranche.disbursed": ("payable", "disbursed"),
    "tranche.failed": ("payable", "committed"),
}


def balances(evidence: Evidence) -> Counter[Account]:
    """Return won by account, folded case by case."""
    totals: Counter[Account] = Counter()
    by_municipality = {
        programme
        for (programme, _), definition in evidence.definitions.items()
        if definition.get("municipalities")
    }
    for event in evidence.events("budget.allocated"):
        body = event.body
        municipality = (
            str(body["municipality"]) if _has_municipality(body, body["funder"], by_municipality) else ""
        )
        line = (body["programme_id"], body["fiscal_year"], body["funder"], municipality)
        totals[*line, "allocated"] -= body["amount_krw"]
        totals[*line, "available"] += body["amount_krw"]
    for _, events in evidence.cases(*NAMES, *CONTEXT):
        case = CaseMoves(events)
        for event in events:
            for year, funder, source, target, krw in case.moves(event):
                programme = event.body["programme_id"]
                municipality = (
                    case.municipality if _has_municipality(event.body, funder, by_municipality) else ""
                )
                totals[programme, year, funder, municipality, source] -= krw
                totals[programme, year, funder, municipality, target] += krw
    return totals


def _has_municipality(body: Mapping[str, Any], funder: str, by_municipality: set[str]) -> bool:
    return funder == "city" and body["programme_id"] in by_municipality


class CaseMoves:
    """The moves of one case: its approved tranches stay reserved until they are paid, failed or voided."""

    def __init__(self, events: Sequence[Event]) -> None:
        bodies = {event.name: event.body for event in events}
        self.signed = bodies.get("agreement.signed")
        about = self.signed or bodies.get("case.recorded") or {}
        self.municipality = str(about.get("municipality"))
        self.is_confirmed = "self_contribution.confirmed" in bodies
        self.is_abandoned = bodies.get("case.abandoned", {}).get("stage") == "after_agreement"
        self.reserved: dict[int, Mapping[str, Any]] = {}

    def moves(self, event: Event) -> Iterator[Move]:
        body = event.body
        match event.name:
            case "past_spending.booked":
                for funder, krw in body["amounts_krw"].items():
                    target = "evidenced" if funder == SELF else "disbursed"
                    yield body["fiscal_year"], funder, "opening", target, krw
            case "funds.committed":
                yield from _by_year(body, "available", "committed")
                yield from self._pledged()
            case "self_contribution.confirmed":
                yield body["fiscal_year"], SELF, "pledged", "evidenced", body["amount_krw"]
            case "tranche.approved" | "tranche.disbursed" | "tranche.failed":
                yield from self._stepped(event)
            case "tranche.held":
                yield from self._voided([body["number"]])
            case "commitment.released":
                yield from self._voided(list(self.reserved))
                yield from _by_year(body, "committed", "available")

    def _pledged(self) -> Iterator[Move]:
        """The self-contribution, taken back where the case was abandoned before its confirmation."""
        if self.signed is not None and (not self.is_abandoned or self.is_confirmed):
            krw = self.signed["shares_krw"].get(SELF, 0)
            yield int(self.signed["occurred_on"][:4]), SELF, "promised", "pledged", krw

    def _stepped(self, event: Event) -> Iterator[Move]:
        number = event.body["number"]
        if event.name == "tranche.approved":
            self.reserved[number] = event.body
        else:
            self.reserved.pop(number, None)
        yield from _amounts(event.body, *STEPS[event.name])

    def _voided(self, numbers: Sequence[int]) -> Iterator[Move]:
        for number in numbers:
            if (approved := self.reserved.pop(number, None)) is not None:
                yield from _amounts(approved, "payable", "committed")


def _amounts(body: Mapping[str, Any], source: str, target: str) -> Iterator[Move]:
    for funder, krw in body["amounts_krw"].items():
        yield body["fiscal_year"], funder, source, target, krw


def _by_year(body: Mapping[str, Any], source: str, target: str) -> Iterator[Move]:
    for year in body["years"]:
        yield from _amounts(year, source, target)
