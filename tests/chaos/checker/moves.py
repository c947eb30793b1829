"""The balances that the events make, read from the topics alone: which event moves which won from where to where."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.checker.contract import OWN
from tests.chaos.checker.evidence import Evidence, Record

Account = tuple[Any, ...]
Move = tuple[int, str, str, str, int]  # year, funder, from, to, won
STEPS = {
    "tranche.approved.v1": ("committed", "payable"),
    "tranche.disbursed.v1": ("payable", "disbursed"),
    "tranche.failed.v1": ("payable", "committed"),
}


def balances_from(evidence: Evidence) -> Counter[Account]:
    """Won by account; what a given-up or held tranche had reserved goes back first."""
    balances: Counter[Account] = Counter()
    book = Book(evidence)
    for record in evidence.facts:
        for year, funder, source, target, krw in book.moves(record):
            purse = (record.data["programme_id"], year, funder, book.payer(record, funder))
            balances[*purse, source] -= krw
            balances[*purse, target] += krw
    return balances


class Book:
    """What must be known of a case beside the event itself: who pays the city's share, its own share, what is reserved."""

    def __init__(self, evidence: Evidence) -> None:
        self.by_city = {
            one.data["programme_id"]: bool(one.data["definition"].get("municipalities"))
            for one in evidence.named("programme.published")
        }
        self.signed = {one.data["case_id"]: one for one in evidence.named("agreement.signed")}
        self.recorded = {one.data["case_id"]: one for one in evidence.named("case.recorded")}
        self.confirmed = {one.data["case_id"] for one in evidence.named("self_contribution.confirmed")}
        self.left = {
            one.data["case_id"]
            for one in evidence.named("case.abandoned")
            if one.data["stage"] == "after_agreement"
        }
        self.reserved: dict[str, dict[int, Record]] = defaultdict(dict)

    def payer(self, record: Record, funder: str) -> str:
        """The municipality on whose account the city's share stands."""
        if funder != "city" or not self.by_city.get(record.data["programme_id"]):
            return ""
        case = record.data.get("case_id")
        about = self.signed.get(case) or self.recorded.get(case) or record
        return str(about.data["municipality"])

    def moves(self, record: Record) -> Iterator[Move]:
        data, case = record.data, record.data.get("case_id", "")
        match record.name.removesuffix(".v1"):
            case "budget.allocated":
                yield data["fiscal_year"], data["funder"], "allocated", "available", data["amount_krw"]
            case "past_spending.booked":
                for funder, krw in data["amounts_krw"].items():
                    yield (
                        data["fiscal_year"],
                        funder,
                        "opening",
                        "evidenced" if funder == OWN else "disbursed",
                        krw,
                    )
            case "funds.committed":
                yield from years(data, "available", "committed")
                yield from self.pledged(case)
            case "self_contribution.confirmed":
                yield data["fiscal_year"], OWN, "pledged", "evidenced", data["amount_krw"]
            case "tranche.approved" | "tranche.disbursed" | "tranche.failed":
                yield from self.stepped(record)
            case "tranche.held":
                yield from self.void(case, [data["number"]])
            case "commitment.released":
                yield from self.void(case, list(self.reserved[case]))
                yield from years(data, "committed", "available")

    def pledged(self, case: str) -> Iterator[Move]:
        """Taken back where the case was given up before its deposit was confirmed."""
        signed = self.signed.get(case)
        if signed is not None and (case not in self.left or case in self.confirmed):
            data = signed.data
            yield int(data["occurred_on"][:4]), OWN, "promised", "pledged", data["shares_krw"].get(OWN, 0)

    def stepped(self, record: Record) -> Iterator[Move]:
        case, number = record.data["case_id"], record.data["number"]
        if record.name == "tranche.approved.v1":
            self.reserved[case][number] = record
        else:
            self.reserved[case].pop(number, None)
        yield from amounts(record.data, *STEPS[record.name])

    def void(self, case: str, numbers: list[int]) -> Iterator[Move]:
        for number in numbers:
            if (approved := self.reserved[case].pop(number, None)) is not None:
                yield from amounts(approved.data, "payable", "committed")


def amounts(data: Mapping[str, Any], source: str, target: str) -> Iterator[Move]:
    for funder, krw in data["amounts_krw"].items():
        yield data["fiscal_year"], funder, source, target, krw


def years(data: Mapping[str, Any], source: str, target: str) -> Iterator[Move]:
    for year in data["years"]:
        yield from amounts(year, source, target)
