"""I10: every step follows one that allows it, and each payment has three people and its conditions before it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tools.audit.contract import (
    CASE_STEPS,
    MILESTONE_STEPS,
    TRANCHE_STATUS,
    TRANCHE_STEPS,
    WITH_TREASURY,
    Steps,
)
from tools.audit.evidence import Event, Evidence
from tools.audit.invariant import Count, Finding, Invariant, Violations
from tools.audit.joins import BY_CASE, by_case, outer_join

TRANCHES = f"""
    select case_id::text as case_id, number, status, total_krw, requested_by, approved_by, instructed_by
    from funding.tranche {BY_CASE}, number
"""
SIGNATORIES = ("requested_by", "approved_by", "instructed_by")

Histories = Mapping[Any, Sequence[Event]]


async def check(evidence: Evidence) -> Finding:
    """The history of every case, milestone and tranche; the people and the conditions of every payment."""
    found, tally = Violations(), dict.fromkeys(("cases", "milestones", "tranches", "paid"), 0)
    rows = by_case(evidence.database.stream(TRANCHES))
    async for case_id, events, tranche_rows in outer_join(evidence.cases(), rows):
        case = CaseHistory(case_id, events)
        tally["cases"] += bool(case.events)
        tally["milestones"] += len(case.milestones)
        tally["tranches"] += len(case.tranches)
        tally["paid"] += len(case.paid)
        found.add(case.violations())
        found.add(_unlike_rows(case, tranche_rows))
    counts = [
        Count(tally["cases"], "과제의 이력", "histories of cases"),
        Count(tally["milestones"], "이정표의 이력", "histories of milestones"),
        Count(tally["tranches"], "회차의 이력", "histories of tranches"),
        Count(tally["paid"], "지급된 회차", "tranches paid"),
    ]
    return Finding(counts, found.first, found.count)


class CaseHistory:
    """The events of one case: its own, those of its milestones by key, those of its tranches by number."""

    def __init__(self, case_id: str, events: Sequence[Event]) -> None:
        self.case_id = case_id
        self.all = {event.name: event for event in events}
        self.events = [event for event in events if event.service == "applications"]
        self.milestones = histories(_starting(events, "milestone."), lambda event: event.body["milestone"])
        self.tranches = histories(_starting(events, "tranche."), lambda event: event.body["number"])
        self.paid = [number for number, history in self.tranches.items() if history[-1].step == "disbursed"]
        self.achieved = {
            key: event
            for key, history in self.milestones.items()
            for event in history
            if event.step == "achieved"
        }

    def violations(self) -> Iterator[str]:
        yield from illegal_steps(f"과제 {self.case_id}", self.events, CASE_STEPS, lambda event: event.name)
        for key, history in self.milestones.items():
            label = f"이정표 {self.case_id} {key}"
            yield from illegal_steps(label, history, MILESTONE_STEPS, lambda event: event.step)
        for number, history in self.tranches.items():
            label = f"과제 {self.case_id} {number}회차"
            yield from illegal_steps(label, history, TRANCHE_STEPS, lambda event: event.step)
            yield from _signatories(label, history)
            yield from _other_payment(label, history)
        for number in self.paid:
            yield from self._conditions(f"과제 {self.case_id} {number}회차", self.tranches[number])

    def _conditions(self, label: str, history: Sequence[Event]) -> Iterator[str]:
        """Agreement, self-contribution and milestone, each on a business date no later than the request's."""
        requested = next((event for event in reversed(history) if event.step == "requested"), history[-1])
        agreement = self.all.get("agreement.signed")
        yield from _not_before(label, "협약 / agreement", agreement, requested)
        if agreement is None or agreement.body["shares_krw"].get("self"):
            confirmed = self.all.get("self_contribution.confirmed")
            yield from _not_before(label, "자부담 확인 / self-contribution", confirmed, requested)
        key = str(history[0].body.get("milestone"))
        yield from _not_before(label, f"이정표 {key} / milestone", self.achieved.get(key), requested)


def _starting(events: Iterable[Event], prefix: str) -> Iterator[Event]:
    return (event for event in events if event.name.startswith(prefix))


def histories(events: Iterable[Event], key: Callable[[Event], Any]) -> Histories:
    """Group events by key, each group in order."""
    groups: dict[Any, list[Event]] = defaultdict(list)
    for event in events:
        groups[key(event)].append(event)
    return groups


def illegal_steps(
    label: str, history: Sequence[Event], allowed: Steps, step_of: Callable[[Event], str]
) -> Iterator[str]:
    before = "begin"
    for event in history:
        step = step_of(event)
        if step not in allowed.get(before, frozenset()):
            yield (
                f"{label}: {before} 다음에 {step}(사건 {event.id})은(는) 있을 수 없습니다 "
                "/ this step may not follow that one"
            )
        before = step


def _signatories(label: str, history: Sequence[Event]) -> Iterator[str]:
    """Compare the signatories of the last attempt: after a rejection or a failed payment it begins anew."""
    people: dict[str, Any] = {}
    for event in history:
        people |= {name: event.body[name] for name in SIGNATORIES if name in event.body}
        if event.step in WITH_TREASURY and not _three(people):
            yield f"{label}: {event.step}에 세 사람이 아닙니다({people}) / not three different people"


def _three(people: Mapping[str, Any]) -> bool:
    return len({people.get(name) for name in SIGNATORIES} - {None}) == len(SIGNATORIES)


def _other_payment(label: str, history: Sequence[Event]) -> Iterator[str]:
    """The treasury's answer is about the payment that was instructed last."""
    payment = None
    for event in history:
        if event.step == "instructed":
            payment = event.body["payment_id"]
        elif event.step in {"disbursed", "failed", "unconfirmed"} and event.body["payment_id"] != payment:
            yield (
                f"{label}: 지급명령 {payment}에 {event.step} {event.body['payment_id']} / an answer about another payment"
            )


def _not_before(label: str, what: str, condition: Event | None, requested: Event) -> Iterator[str]:
    if condition is None:
        yield f"{label}: {what} 없이 지급되었습니다 / paid without it"
    elif condition.occurred_on > requested.occurred_on or _is_later(condition, requested):
        yield f"{label}: {what}보다 먼저 신청되었습니다 / requested before it"


def _is_later(condition: Event, requested: Event) -> bool:
    """Two events of one subject are in the order of their numbers, whatever date they name."""
    same = (condition.service, condition.subject) == (requested.service, requested.subject)
    return same and condition.sequence > requested.sequence


def _unlike_rows(case: CaseHistory, rows: Sequence[Any]) -> Iterator[str]:
    """Each tranche has one row, in the status of its last event; an abandoned case cancels it."""
    by_number = {row["number"]: row for row in rows}
    for number in sorted(by_number.keys() | case.tranches.keys()):
        label = f"과제 {case.case_id} {number}회차"
        if number not in by_number or number not in case.tranches:
            yield f"{label}: 표와 사건 가운데 한쪽에만 있습니다 / in the table or in the events, not in both"
            continue
        row, last = by_number[number], case.tranches[number][-1]
        status, krw = TRANCHE_STATUS.get(last.step, last.step), sum(last.body["amounts_krw"].values())
        is_cancelled = row["status"] == "cancelled" and "commitment.released" in case.all
        if (row["status"] != status and not (is_cancelled and status not in WITH_TREASURY)) or row[
            "total_krw"
        ] != krw:
            yield (
                f"{label}: 표는 {row['status']} {row['total_krw']:,}원, 사건은 {status} {krw:,}원 "
                "/ the row is not what its events say"
            )
        if row["status"] in WITH_TREASURY and not _three(dict(row)):
            yield f"{label}: 표에 세 사람이 아닙니다 / not three different people in its row"


INVARIANT = Invariant(
    "I10",
    "정해진 순서로만 나아가고, 지급마다 서로 다른 세 사람이 있으며, 협약·자부담·이정표가 먼저다",
    "legal steps only; three different people behind each payment; agreement, self-contribution and milestone first",
    check,
)
