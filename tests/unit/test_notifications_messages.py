"""Message states and transitions, and the events that lead to a message."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifications.cases.domain import MessageContext, Name, names_of
from services.notifications.channels.outcomes import Accepted, Deferred, Failed, Indeterminate, Outcome
from services.notifications.consumers import HANDLERS
from services.notifications.messages.domain import (
    EVENT_OF_STATE,
    NEXT,
    State,
    Transition,
    event_of,
    transition_after,
    transition_path,
)
from services.notifications.templates.domain import RULES
from services.notifications.templates.notices import NOTICES
from shared.events.applications import ApplicationScreened, CaseRecorded
from shared.events.monitoring import MilestoneAchieved
from shared.values.clock import today
from tests.unit.funding_builders import a_definition

CASE = UUID("019345aa-0000-7000-8000-0000000000c1")
DAY = date(2025, 1, 20)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = Name(ko="전북 스마트공장", en="Jeonbuk")
CONTEXT = MessageContext(
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


def after(outcome: Outcome, attempts: int = 1) -> Transition:
    return transition_after(outcome, attempts, backoff_seconds=0.5, backoff_limit_seconds=60)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted("ref"), State.SENT),
        (Failed("refused", "550 no", "550"), State.FAILED),
        (Indeterminate("no_answer"), State.UNKNOWN),
        (Deferred("busy"), State.QUEUED),
    ],
)
def test_each_outcome_leads_to_an_allowed_state(outcome: Outcome, state: State) -> None:
    assert after(outcome).to is state
    assert state in NEXT[State.SENDING]


def test_a_transition_keeps_the_reference_or_the_problem_of_its_outcome() -> None:
    assert after(Accepted("ref")) == Transition(State.SENT, reference="ref")
    assert after(Failed("refused", "550 no", "550")) == Transition(State.FAILED, "refused", "550", "550 no")
    assert after(Failed("refused")) == Transition(State.FAILED, "refused")
    assert after(Indeterminate("no_answer")) == Transition(State.UNKNOWN, "no_answer")
    assert after(Indeterminate("no_answer", "timed out")) == Transition(
        State.UNKNOWN, "no_answer", None, "timed out"
    )
    second = timedelta(seconds=1)
    assert after(Deferred("busy"), 1) == Transition(State.QUEUED, "busy", wait=second)
    assert after(Deferred("busy", "450 later"), 1) == Transition(
        State.QUEUED, "busy", None, "450 later", wait=second
    )


def test_sent_message_is_never_queued_again() -> None:
    reachable: set[State] = set()
    frontier = {State.SENT, State.UNKNOWN, State.DELIVERED, State.FAILED}
    while frontier:
        reachable |= frontier
        frontier = set().union(*(NEXT[state] for state in frontier)) - reachable

    assert reachable.isdisjoint({State.QUEUED, State.SENDING})


def test_deferred_message_backs_off_up_to_a_limit() -> None:
    waits = [after(Deferred("busy"), attempts).wait.total_seconds() for attempts in (1, 2, 3, 50)]

    assert waits == [1, 2, 4, 60]
    unlimited = transition_after(Deferred("busy"), 50, backoff_seconds=0.5, backoff_limit_seconds=1e9)
    assert unlimited.wait == timedelta(seconds=2**19)
    assert after(Deferred("unreachable", provider_down=True), 9).wait == timedelta()


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
def test_delivery_report_advances_the_state_or_changes_nothing(
    state: State, to: State, states: list[State]
) -> None:
    assert transition_path(state, to) == states


def test_events_of_states_hold_no_address() -> None:
    row: dict[str, Any] = {
        "id": CASE,
        "case_id": CASE,
        "programme_id": "jeonbuk",
        "template": "selected",
        "channel": "sms",
        "provider_reference": "M4V1",
        "provider_code": "550",
        "reason": "550 kim@example.com does not exist",
    }

    problems = {State.FAILED: "refused", State.UNKNOWN: "no_answer"}
    events = {state: event_of(row | {"problem": problems.get(state)}, state) for state in State}

    assert {state for state, event in events.items() if event} == set(EVENT_OF_STATE)
    for event in filter(None, events.values()):
        assert set(event.model_dump()) <= {
            *("occurred_on", "case_id", "programme_id", "message_id", "template", "channel"),
            *("provider_reference", "reason", "provider_code"),
        }
        assert "kim@" not in event.model_dump_json()


@pytest.mark.parametrize(
    ("state", "detail"),
    [
        (State.SENT, "M4V1"),
        (State.DELIVERED, "M4V1"),
        (State.FAILED, "no_contact"),
        (State.UNKNOWN, "sender_lost"),
    ],
)
def test_the_event_of_a_state_names_the_message_and_the_reference_or_the_problem(
    state: State, detail: str
) -> None:
    row: dict[str, Any] = {
        "id": UUID(int=7),
        "case_id": CASE,
        "programme_id": "jeonbuk",
        "template": "selected",
        "channel": "sms",
        "provider_reference": "M4V1",
        "provider_code": "550",
        "problem": detail,
    }

    event = event_of(row, state)
    nothing = dict.fromkeys(("provider_reference", "provider_code", "problem"))
    without = event_of(row | nothing, state)

    assert event is not None
    assert without is not None
    fields = event.model_dump()
    assert (fields["message_id"], fields["case_id"], fields["channel"]) == (UUID(int=7), CASE, "sms")
    assert fields.get("provider_reference", fields.get("reason")) == detail
    assert fields.get("provider_code", "550") == "550"
    assert fields["occurred_on"] == today()
    absent = without.model_dump()
    assert absent.get("provider_reference", "") == ""
    assert absent.get("reason") is None
    assert absent.get("provider_code") is None


def test_each_template_belongs_to_exactly_one_subscribed_event() -> None:
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


def test_rule_does_not_apply_to_an_event_past_its_deadline() -> None:
    rule = RULES[MilestoneAchieved]

    assert rule.applies(an_achievement(), NOW - timedelta(days=7) + timedelta(seconds=1), NOW)
    assert not rule.applies(an_achievement(), NOW - timedelta(days=7), NOW)


def test_rules_apply_to_ineligible_applicants_and_completing_milestones_only() -> None:
    def applies(event: ApplicationScreened | MilestoneAchieved) -> bool:
        return RULES[type(event)].applies(event, NOW, NOW)

    assert applies(a_screening(eligible=False))
    assert not applies(a_screening(eligible=True))
    assert applies(an_achievement(completes=True))
    assert not applies(an_achievement(completes=False))


def test_completion_notice_has_the_settlement_deadline() -> None:
    event = an_achievement(on=date(2024, 12, 31))

    notice = RULES[MilestoneAchieved].compose(event, CONTEXT).model_dump()

    assert notice["report_by"] == date(2025, 2, 28)
    assert notice["milestone"] == {"ko": "최종점검", "en": "Final check"}


def test_part_without_a_name_in_the_definition_is_named_by_its_id() -> None:
    assert CONTEXT.name_of("tranche", "3") == Name(ko="3", en="3")
    assert CONTEXT.track == Name(ko="JS1", en="JS1")


def test_names_are_those_of_the_definition_in_both_languages() -> None:
    track = {"id": "JS1", "name_ko": "기초", "name_en": "Basic"}

    names = names_of(a_definition(tracks=[track]))

    assert names == {
        "track": {"JS1": {"ko": "기초", "en": "Basic"}},
        "milestone": {"start": {"ko": "착수", "en": "Start"}, "final": {"ko": "완료", "en": "Done"}},
        "tranche": {"1": {"ko": "선금", "en": "First"}, "2": {"ko": "잔금", "en": "Last"}},
    }


def test_a_case_without_a_track_has_no_name_of_one() -> None:
    named = CONTEXT.model_copy(update={"names": {"track": {"JS1": {"ko": "기초", "en": "Basic"}}}})

    assert named.track == Name(ko="기초", en="Basic")
    assert named.model_copy(update={"track_id": None}).track is None
