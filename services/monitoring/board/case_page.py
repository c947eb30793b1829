"""View of one case: its dates, its funder shares, the three people of each payment, its timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.monitoring.board.parts.case_view import (
    CaseView,
    Company,
    ExpectedEntry,
    FunderShare,
    Message,
    Milestone,
    MilestoneState,
    PaymentRole,
    PaymentStep,
    Selection,
    Tranche,
)
from services.monitoring.board.timeline_entries import template_name, timeline_entry
from services.monitoring.figures.companies import municipality_name
from services.monitoring.figures.programme import milestone_name, short_name
from services.monitoring.texts import TEXTS
from shared.events.definition import Definition
from shared.values.money import PUBLIC, Funder
from shared.web.ui.values import DateRange, Text

ROLES: dict[str, PaymentRole] = {"requested": "requester", "approved": "approver", "instructed": "payer"}


@dataclass(frozen=True)
class CaseRows:
    """Rows of one case from the projections, as of a business date."""

    case: Any
    milestones: Sequence[Any]
    tranches: Sequence[Any]
    messages: Sequence[Any]
    timeline: Sequence[Any]
    definition: Definition | None
    as_of: date


def case_view(rows: CaseRows) -> CaseView:
    case, as_of = rows.case, rows.as_of
    milestones = tuple(milestone(row, rows.definition, as_of) for row in rows.milestones)
    tranches = tuple(tranche_views(rows))
    is_agreed = (case.agreed_on and case.agreed_on <= as_of) or case.recorded_on is not None
    return CaseView(
        number=case.number or "",
        status=case.status,
        company=company(case, as_of),
        programme_id=case.programme_id,
        programme_name=short_name(case.programme_id, rows.definition),
        year=case.year_to,
        track=case.track,
        track_name=track_name(rows.definition, case.track),
        selection=selection(case, as_of),
        agreement=DateRange(case.starts_on, case.ends_on) if case.agreed_on and is_agreed else None,
        total_krw=case.total_krw if is_agreed else None,
        public_krw=public_krw(case) if is_agreed else None,
        self_krw=case.self_krw if is_agreed else None,
        disbursed_krw=disbursed_krw(case, tranches),
        funder_shares=tuple(funder_shares(case, rows)) if is_agreed else (),
        split_note=split_note(rows.definition) if is_agreed else None,
        tranches=tranches,
        milestones=milestones,
        messages=tuple(message(row, as_of) for row in rows.messages),
        timeline=tuple(timeline_entry(row, rows.definition) for row in rows.timeline),
        expected=tuple(expected_entries(case, milestones, tranches, as_of)),
    )


def track_name(definition: Definition | None, track: str | None) -> Text | None:
    rules = definition.tracks if definition else []
    return next((Text(rule.name_ko, rule.name_en) for rule in rules if rule.id == track), None)


def company(case: Any, as_of: date) -> Company:
    """Return the company; its status is unknown until its business registration has been checked."""
    was_checked = case.business_state_on is not None and case.business_state_on <= as_of
    return Company(
        name=case.company,
        business_number_masked=masked_business_number(case.business_number),
        municipality=municipality_name(case.municipality) if case.municipality else None,
        status=case.business_state if was_checked else "unknown",
        status_checked_on=case.business_state_on if was_checked else None,
    )


def masked_business_number(number: str | None) -> str:
    """Mask a business number as 123-**-***01; a past result may have none."""
    return f"{number[:3]}-**-***{number[-2:]}" if number else "–"


def selection(case: Any, as_of: date) -> Selection | None:
    if case.selected_on is None or case.selected_on > as_of:
        return None
    return Selection(case.via, case.rank, case.score)


def public_krw(case: Any) -> int | None:
    shares = [getattr(case, f"{funder}_krw") for funder in PUBLIC]
    known = [share for share in shares if share is not None]
    return sum(known) if known else None


def disbursed_krw(case: Any, tranches: Iterable[Tranche]) -> int | None:
    """Return the won of confirmed payments; for a past result, all its public money, None where that is unknown."""
    if case.recorded_on is not None:
        return public_krw(case)
    return sum(tranche.amount_krw for tranche in tranches if tranche.state == "disbursed")


def funder_shares(case: Any, rows: CaseRows) -> Iterable[FunderShare]:
    """Yield the share of each funder that has one."""
    ratio = rows.definition.funders if rows.definition else {}
    for funder in Funder:
        if (agreed := getattr(case, f"{funder}_krw")) is not None:
            is_self = funder == Funder.SELF
            tranches = (
                ()
                if is_self
                else tuple(getattr(row, f"{funder}_krw") or 0 for row in scheduled_tranches(rows))
            )
            yield FunderShare(funder, ratio.get(funder), agreed, tranches)


def split_note(definition: Definition | None) -> Text | None:
    if definition is None or definition.remainder_to is None:
        return None
    return TEXTS.text(
        "case.split_note",
        unit=definition.rounding_unit_krw,
        funder=TEXTS.text(f"funder.{definition.remainder_to}"),
    )


# Tranches: the state on a day is the last step up to it.


def scheduled_tranches(rows: CaseRows) -> list[Any]:
    return [row for row in rows.tranches if steps_until(row, rows.as_of)]


def steps_until(row: Any, as_of: date) -> list[dict[str, Any]]:
    return [step for step in row.steps if step["on"] <= as_of.isoformat()]


def tranche_views(rows: CaseRows) -> Iterable[Tranche]:
    for row in scheduled_tranches(rows):
        steps = steps_until(row, rows.as_of)
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
    rule = next((rule for rule in rules if rule.number == number), None)
    return Text(rule.name_ko, rule.name_en) if rule else TEXTS.text("case.tranche", number=number)


def payment_steps(steps: Iterable[dict[str, Any]]) -> list[PaymentStep]:
    """Return the request, approval and instruction of the latest attempt to pay."""
    payment: list[PaymentStep] = []
    for step in steps:
        if step["state"] == "requested":
            payment = []
        if role := ROLES.get(step["state"]):
            payment.append(PaymentStep(role, step["by"] or "–", date.fromisoformat(step["on"])))
    return payment


def milestone(row: Any, definition: Definition | None, as_of: date) -> Milestone:
    achieved = row.achieved_on if row.achieved_on and row.achieved_on <= as_of else None
    name = milestone_name(definition, row.milestone)
    return Milestone(name, row.due_on, milestone_state(row, as_of), achieved)


def milestone_state(row: Any, as_of: date) -> MilestoneState:
    """Return the furthest state reached by the day."""
    states: tuple[MilestoneState, ...] = ("achieved", "reported", "missed", "due_soon")
    for state in states:
        reached_on = getattr(row, f"{state}_on")
        if reached_on is not None and reached_on <= as_of:
            return state
    return "scheduled"


def message(row: Any, as_of: date) -> Message:
    """Return the message with its state on the day; delivered is final, unknown may still become delivered."""
    state: Any = "queued"
    for name in ("delivered", "failed", "unknown", "sent"):
        reached_on = getattr(row, f"{name}_on")
        if reached_on is not None and reached_on <= as_of:
            state = name
            break
    return Message(row.first_event_on, row.channel, template_name(row.template), state)


def expected_entries(
    case: Any, milestones: Iterable[Milestone], tranches: Iterable[Tranche], as_of: date
) -> list[ExpectedEntry]:
    """Return milestones and tranches due after the day, soonest first; none for a case that has ended."""
    if case.status not in ("agreed", "in_progress"):
        return []
    due = [
        ExpectedEntry(milestone.due_on, "monitoring", milestone.name)
        for milestone in milestones
        if milestone.achieved_on is None and milestone.due_on > as_of
    ]
    payments = [
        ExpectedEntry(tranche.due_on, "funding", tranche.name, tranche.amount_krw)
        for tranche in tranches
        if tranche.state != "disbursed" and tranche.due_on is not None and tranche.due_on > as_of
    ]
    return sorted(due + payments, key=lambda entry: (entry.due_on, entry.service))
