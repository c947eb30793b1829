"""What becomes of a message, and which events lead to one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifications.cases.domain import About, Name
from services.notifications.channels.outcomes import Outcome, Postponed, Refused, Taken, Unclear
from services.notifications.consumers import HANDLERS
from services.notifications.messages.domain import NEXT, TOLD, Move, State, event_of, moved_by, way
from services.notifications.templates.domain import RULES
from services.notifications.templates.notices import NOTICES
from shared.events.applications import ApplicationScreened, CaseRecorded
from shared.events.monitoring import MilestoneAchieved

CASE = UUID("019345aa-0000-7000-8000-0000000000c1")
DAY = date(2025, 1, 20)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = Name(ko="전북 스마트공장", en="Jeonbuk")
ABOUT = About(
    case_id=CASE,
    company_id=CASE,
    programme_id="jeonbuk",
    receipt_number="JBSF-2024-0017",
    company="㈜전북정밀",
    programme=NAME,
    programme_short=NAME,
    office=NAME,
    names={"milestone": {"final": {"ko": "최종점검", "en": "Final check"}}},
    track_id="JS1",
    channels=["email"],
)


def moved(outcome: Outcome, attempts: int = 1) -> Move:
    return moved_by(outcome, attempts, first_wait=0.5, longest_wait=60)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Taken("ref"), State.SENT),
        (Refused("no"), State.FAILED),
        (Unclear("silence"), State.UNKNOWN),
        (Postponed("later"), State.QUEUED),
    ],
)
def test_each_answer_of_a_provider_moves_as_the_table_allows(outcome: Outcome, state: State) -> None:
    assert moved(outcome).to is state
    assert state in NEXT[State.SENDING]


def test_nothing_that_was_handed_over_ever_waits_again() -> None:
    reachable: set[State] = set()
    frontier = {State.SENT, State.UNKNOWN, State.DELIVERED, State.FAILED}
    while frontier:
        reachable |= frontier
        frontier = set().union(*(NEXT[state] for state in frontier)) - reachable

    assert reachable.isdisjoint({State.QUEUED, State.SENDING})


def test_a_message_that_is_put_off_waits_longer_each_time_up_to_a_limit() -> None:
    waits = [moved(Postponed("later"), attempts).wait.total_seconds() for attempts in (1, 2, 3, 50)]

    assert waits == [1, 2, 4, 60]
    assert moved(Postponed("refused", line_down=True), 9).wait == timedelta()


@pytest.mark.parametrize(
    ("state", "to", "states"),
    [
        (State.SENT, State.DELIVERED, [State.DELIVERED]),
        (State.UNKNOWN, State.DELIVERED, [State.DELIVERED]),
        (State.SENDING, State.DELIVERED, [State.SENT, State.DELIVERED]),
        (State.SENDING, State.FAILED, [State.SENT, State.FAILED]),
        (State.DELIVERED, State.DELIVERED, []),
        (State.DELIVERED, State.FAILED, []),
        (State.QUEUED, State.DELIVERED, []),
        (State.FAILED, State.DELIVERED, []),
    ],
)
def test_a_receipt_leads_on_or_tells_nothing_new(state: State, to: State, states: list[State]) -> None:
    assert way(state, to) == states


def test_every_state_that_ends_something_is_told_without_an_address() -> None:
    row: dict[str, Any] = {
        "id": CASE,
        "case_id": CASE,
        "programme_id": "jeonbuk",
        "template": "selected",
        "channel": "sms",
        "provider_reference": "M4V1",
        "reason": "no",
    }

    told = {state: event_of(row, state) for state in State}

    assert {state for state, event in told.items() if event} == set(TOLD)
    for event in filter(None, told.values()):
        assert set(event.model_dump()) <= {
            *("occurred_on", "case_id", "programme_id", "message_id", "template", "channel"),
            *("provider_reference", "reason"),
        }


def test_each_template_belongs_to_exactly_one_event_that_is_heard() -> None:
    assert sorted(rule.notice.template for rule in RULES.values()) == sorted(NOTICES)
    assert set(RULES) <= set(HANDLERS)
    assert CaseRecorded not in HANDLERS


def a_screening(eligible: bool) -> ApplicationScreened:
    return ApplicationScreened(
        occurred_on=DAY, programme_id="jeonbuk", case_id=CASE, eligible=eligible, reasons=[]
    )


def an_achievement(completes: bool = True, on: date = DAY) -> MilestoneAchieved:
    return MilestoneAchieved(
        occurred_on=on,
        programme_id="jeonbuk",
        case_id=CASE,
        milestone="final",
        due_on=DAY,
        completes=completes,
        evidence="doc-1",
    )


def test_an_event_older_than_its_deadline_is_told_to_nobody() -> None:
    rule = RULES[MilestoneAchieved]

    assert rule.holds(an_achievement(), NOW - timedelta(days=7) + timedelta(seconds=1), NOW)
    assert not rule.holds(an_achievement(), NOW - timedelta(days=7), NOW)


def test_only_who_is_screened_out_and_only_what_completes_is_told() -> None:
    def told(event: ApplicationScreened | MilestoneAchieved) -> bool:
        return RULES[type(event)].holds(event, NOW, NOW)

    assert told(a_screening(eligible=False))
    assert not told(a_screening(eligible=True))
    assert told(an_achievement(completes=True))
    assert not told(an_achievement(completes=False))


def test_a_completion_names_the_day_by_which_to_report() -> None:
    event = an_achievement(on=date(2024, 12, 31))

    notice = RULES[MilestoneAchieved].compose(event, ABOUT).model_dump()

    assert notice["report_by"] == date(2025, 2, 28)
    assert notice["milestone"] == {"ko": "최종점검", "en": "Final check"}


def test_what_the_definition_names_no_more_is_called_by_its_id() -> None:
    assert ABOUT.called("tranche", "3") == Name(ko="3", en="3")
    assert ABOUT.track == Name(ko="JS1", en="JS1")
