"""One case's view: its dates, its four purses, the three people of each payment, its timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.monitoring.board.fill.companies import place
from services.monitoring.board.fill.programme import milestone_name, short_name
from services.monitoring.board.fill.timeline import entry, template_name
from services.monitoring.board.parts.case_view import (
    CaseView,
    Company,
    ExpectedEntry,
    Message,
    Milestone,
    MilestoneState,
    PaymentRole,
    PaymentStep,
    Purse,
    Selection,
    Tranche,
)
from services.monitoring.board.parts.values import Text, Window
from services.monitoring.figures.domain import Json
from shared.events.definition import Definition
from shared.values.money import PUBLIC, Funder

ROLES: dict[str, PaymentRole] = {"requested": "requester", "approved": "approver", "instructed": "payer"}
FUNDERS = {Funder.NATIONAL: "국비", Funder.PROVINCE: "도비", Funder.CITY: "시군비", Funder.SELF: "자부담"}


@dataclass(frozen=True)
class CaseRows:
    """What projections hold of one case, as of `on`."""

    case: Any
    milestones: Sequence[Any]
    tranches: Sequence[Any]
    messages: Sequence[Any]
    timeline: Sequence[Any]
    definition: Definition | None
    on: date


def case_view(rows: CaseRows) -> CaseView:
    case, on = rows.case, rows.on
    milestones = tuple(milestone(row, rows.definition, on) for row in rows.milestones)
    tranches = tuple(each_tranche(rows))
    is_agreed = (case.agreed_on and case.agreed_on <= on) or case.recorded_on is not None
    return CaseView(
        number=case.number or "",
        status=case.status,
        company=company(case, on),
        programme_id=case.programme_id,
        programme_name=short_name(case.programme_id, rows.definition),
        year=case.year_to,
        track=case.track,
        builds=builds(rows.definition, case.track),
        selection=selection(case, on),
        agreement=Window(case.starts_on, case.ends_on) if case.agreed_on and is_agreed else None,
        total_krw=case.total_krw if is_agreed else None,
        public_krw=public_krw(case) if is_agreed else None,
        self_krw=case.self_krw if is_agreed else None,
        disbursed_krw=disbursed(case, tranches),
        purses=tuple(purses(case, rows)) if is_agreed else (),
        split_note=split_note(rows.definition) if is_agreed else None,
        tranches=tranches,
        milestones=milestones,
        messages=tuple(message(row, on) for row in rows.messages),
        timeline=tuple(entry(row, rows.definition) for row in rows.timeline),
        expected=tuple(expected(case, milestones, tranches, on)),
    )


def builds(definition: Definition | None, track: str | None) -> Text | None:
    tracks = definition.tracks if definition else []
    return next((Text(one.name_ko, one.name_en) for one in tracks if one.id == track), None)


def company(case: Any, on: date) -> Company:
    """Whose business was never asked about is not known to operate."""
    asked = case.business_state_on is not None and case.business_state_on <= on
    return Company(
        name=case.company,
        business_number_masked=masked(case.business_number),
        municipality=place(case.municipality) if case.municipality else None,
        status=case.business_state if asked else "unknown",
        status_checked_on=case.business_state_on if asked else None,
    )


def masked(number: str | None) -> str:
    """123-**-***01; a record of another system has no number."""
    return f"{number[:3]}-**-***{number[-2:]}" if number else "–"


def selection(case: Any, on: date) -> Selection | None:
    if case.selected_on is None or case.selected_on > on:
        return None
    return Selection(case.via, case.rank, case.score)


def public_krw(case: Any) -> int | None:
    shares = [getattr(case, f"{funder}_krw") for funder in PUBLIC]
    known = [share for share in shares if share is not None]
    return sum(known) if known else None


def disbursed(case: Any, tranches: Iterable[Tranche]) -> int:
    """Confirmed payments; of a recorded case, all its public money."""
    if case.recorded_on is not None:
        return public_krw(case) or 0
    return sum(tranche.amount_krw for tranche in tranches if tranche.state == "disbursed")


def purses(case: Any, rows: CaseRows) -> Iterable[Purse]:
    """One a funder that has a part."""
    ratio = rows.definition.funders if rows.definition else {}
    for funder in Funder:
        if (agreed := getattr(case, f"{funder}_krw")) is not None:
            own = funder == Funder.SELF
            paid = () if own else tuple(getattr(row, f"{funder}_krw") or 0 for row in scheduled(rows))
            yield Purse(funder, ratio.get(funder), agreed, paid)


def split_note(definition: Definition | None) -> Text | None:
    if definition is None or definition.remainder_to is None:
        return None
    unit, owner = definition.rounding_unit_krw, definition.remainder_to
    return Text(
        f"나누는 단위 {unit:,}원, 남은 금액은 {FUNDERS[owner]}. 회차의 나머지는 마지막 회차에 더합니다.",
        f"Split to {unit:,} won, the remainder goes to the {owner} share; of tranches, to the last one.",
    )


# Tranches: the state of the day is the last step up to it.


def scheduled(rows: CaseRows) -> list[Any]:
    return [row for row in rows.tranches if steps_until(row, rows.on)]


def steps_until(row: Any, on: date) -> list[Json]:
    return [step for step in row.steps if step["on"] <= on.isoformat()]


def each_tranche(rows: CaseRows) -> Iterable[Tranche]:
    for row in scheduled(rows):
        steps = steps_until(row, rows.on)
        yield Tranche(
            number=row.number,
            name=tranche_name(rows.definition, row.number),
            state=steps[-1]["state"],
            amount_krw=row.total_krw,
            due_on=row.due_on,
            steps=tuple(payment_steps(steps)),
        )


def tranche_name(definition: Definition | None, number: int) -> Text:
    rules = definition.tranches if definition else []
    found = next((rule for rule in rules if rule.number == number), None)
    return Text(found.name_ko, found.name_en) if found else Text(f"{number}회차", f"Tranche {number}")


def payment_steps(steps: Iterable[Json]) -> list[PaymentStep]:
    """Who requested, approved and instructed the newest try."""
    taken: list[PaymentStep] = []
    for step in steps:
        if step["state"] == "requested":
            taken = []
        if role := ROLES.get(step["state"]):
            taken.append(PaymentStep(role, step["by"] or "–", date.fromisoformat(step["on"])))
    return taken


def milestone(row: Any, definition: Definition | None, on: date) -> Milestone:
    achieved = row.achieved_on if row.achieved_on and row.achieved_on <= on else None
    name = milestone_name(definition, row.milestone)
    return Milestone(name, row.due_on, milestone_state(row, on), achieved)


def milestone_state(row: Any, on: date) -> MilestoneState:
    """The furthest that has come by the day."""
    states: tuple[MilestoneState, ...] = ("achieved", "reported", "missed", "due_soon")
    for state in states:
        came = getattr(row, f"{state}_on")
        if came is not None and came <= on:
            return state
    return "scheduled"


def message(row: Any, on: date) -> Message:
    """Delivered is final; unknown may still become delivered."""
    state: Any = "queued"
    for name in ("delivered", "failed", "unknown", "sent"):
        came = getattr(row, f"{name}_on")
        if came is not None and came <= on:
            state = name
            break
    return Message(row.told_on, row.channel, template_name(row.template), state)


def expected(
    case: Any, milestones: Iterable[Milestone], tranches: Iterable[Tranche], on: date
) -> list[ExpectedEntry]:
    """What is still due after the day, soonest first; nothing of a case that has ended."""
    if case.status not in ("agreed", "in_progress"):
        return []
    due = [
        ExpectedEntry(one.due_on, "monitoring", one.name)
        for one in milestones
        if one.achieved_on is None and one.due_on > on
    ]
    paid = [
        ExpectedEntry(one.due_on, "funding", one.name, one.amount_krw)
        for one in tranches
        if one.state != "disbursed" and one.due_on is not None and one.due_on > on
    ]
    return sorted(due + paid, key=lambda one: (one.due_on, one.service))
