"""The scenario is played in date order, and nothing is dated after the business clock when it is played."""

from contextlib import nullcontext
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tools.demo.actors import OPERATOR
from tools.demo.cli import refuse_other_date
from tools.demo.days import by_month, date_of, dated, days
from tools.demo.play import Player
from tools.demo.scenario import Scenario, build_scenario
from tools.demo.steps import Await, Call, Lane, Phase, Publish, Step
from tools.devstack import status
from tools.devstack.business_clock import BusinessClock
from tools.devstack.errors import StackError
from tools.devstack.state import State
from tools.devstack.status import Status

LAST = datetime.fromisoformat("2025-01-20T18:00:00+09:00")


@cache
def scenario() -> Scenario:
    return build_scenario()


def a_call(key: str, on: str | None = None) -> Call:
    return Call(key, "funding", "/x", OPERATOR, {"occurred_on": on} if on else {})


def an_await(key: str) -> Await:
    return Await(key, "funding", "/x", OPERATOR, "payable", {}, "답", "answers")


def a_phase(name: str, *lanes: Lane) -> Phase:
    return Phase(name, name, list(lanes))


def in_order(*phases: Phase) -> list[tuple[str, str, list[str]]]:
    """Return (date, phase, keys of its steps) in the order of play."""
    return [
        (day.date.isoformat(), phase.name_en, [step.key for lane in phase.lanes for step in lane])
        for day in days(phases)
        for phase in day.phases
    ]


class OfflinePlayer(Player):
    """A player that sends nothing, and records each step with the clock's moment at which it is played."""

    played: list[tuple[datetime, Step]]

    async def play_step(self, step: Step) -> None:
        assert self.clock
        self.played.append((self.clock.now(), step))


async def play_offline(clock: BusinessClock) -> list[tuple[datetime, Step]]:
    no_clients: Any = None
    player = OfflinePlayer(no_clients, clock)
    player.played = []
    for _, month in by_month(scenario().days):
        await player.play_days(month, lambda done, total: None)
    return player.played


def stated_date(step: Step) -> date | None:
    data = step.body if isinstance(step, Call) else step.data if isinstance(step, Publish) else {}
    on = data.get("occurred_on") or data.get("up_to")
    return date.fromisoformat(on) if on else None


@pytest.fixture
def clock(tmp_path: Path) -> BusinessClock:
    return BusinessClock(tmp_path / "clock" / "business-clock")


# The order.


def test_steps_are_in_date_order_then_by_phase() -> None:
    first = a_phase("first", [a_call("a", "2024-03-02"), a_call("b", "2024-03-04")])
    second = a_phase("second", [a_call("c", "2024-03-01")], [a_call("d", "2024-03-02")])

    assert in_order(first, second) == [
        ("2024-03-01", "second", ["c"]),
        ("2024-03-02", "first", ["a"]),
        ("2024-03-02", "second", ["d"]),
        ("2024-03-04", "first", ["b"]),
    ]


def test_lane_keeps_its_order_even_where_a_date_goes_back() -> None:
    lane = [a_call("a", "2024-03-05"), a_call("b", "2024-03-01"), a_call("c", "2024-03-06")]

    assert [on.day for on, _ in dated(lane)] == [5, 5, 6]


def test_step_without_a_date_has_that_of_the_step_before_or_of_the_first_with_one() -> None:
    lane: Lane = [
        an_await("a"),
        a_call("b", "2024-03-05"),
        a_call("c"),
        a_call("d", "2024-03-06"),
        an_await("e"),
    ]

    assert [on.day for on, _ in dated(lane)] == [5, 5, 5, 6, 6]


def test_event_of_an_earlier_date_is_sent_on_a_later_one() -> None:
    event = Publish("a", "legacy.case_recorded.v1", {"occurred_on": "2021-12-01"}, date(2022, 1, 3))

    assert date_of(event) == date(2022, 1, 3)


def test_months_follow_each_other_and_have_every_step() -> None:
    months = list(by_month(scenario().days))

    firsts = [first for first, _ in months]
    assert firsts == sorted(set(firsts))
    assert (firsts[0], firsts[-1]) == (date(2022, 1, 1), date(2025, 1, 1))
    assert sum(day.steps for _, month in months for day in month) == scenario().steps


# The play and the clock.


async def test_no_step_is_played_before_its_date_and_the_clock_never_goes_back(clock: BusinessClock) -> None:
    steps = await play_offline(clock)

    moments = [moment for moment, _ in steps]
    assert moments == sorted(moments)
    assert [step.key for moment, step in steps if (on := stated_date(step)) and on > moment.date()] == []


async def test_every_step_is_played_once(clock: BusinessClock) -> None:
    keys = [step.key for _, step in await play_offline(clock)]
    of_the_phases = [step.key for phase in scenario().phases for lane in phase.lanes for step in lane]

    assert sorted(keys) == sorted(of_the_phases)


async def test_only_past_results_are_played_after_their_date(clock: BusinessClock) -> None:
    late = {
        step.key.split("/")[0]
        for moment, step in await play_offline(clock)
        if (on := stated_date(step)) and on < moment.date()
    }

    assert late == {"legacy"}


async def test_past_results_are_sent_when_their_programme_is_published(clock: BusinessClock) -> None:
    steps = await play_offline(clock)
    published = {
        step.body["definition"]["programme_id"]: moment
        for moment, step in reversed(steps)
        if isinstance(step, Call) and step.path == "/programmes"
    }

    sent = {
        (step.data["programme_id"], moment)
        for moment, step in steps
        if isinstance(step, Publish) and step.key.startswith("legacy/")
    }

    assert sent == {(programme, published[programme]) for programme, _ in sent}
    assert len(sent) == 3


async def test_clock_stands_at_the_end_of_the_last_date_after_the_play(clock: BusinessClock) -> None:
    clock.advance_to(scenario().starts_at)
    assert clock.now().isoformat() == "2022-01-03T10:00:00+09:00"

    await play_offline(clock)

    assert clock.now() == LAST


async def test_second_play_leaves_the_clock_at_the_end(clock: BusinessClock) -> None:
    await play_offline(clock)

    clock.advance_to(scenario().starts_at)
    steps = await play_offline(clock)

    assert {moment for moment, _ in steps} == {LAST}


@pytest.mark.parametrize(
    ("business_date", "clock_file", "is_refused"),
    [
        (None, None, True),
        ("2025-01-19", None, True),
        ("2025-01-20", None, False),
        ("2022-01-03", "/clock", False),
    ],
)
def test_play_is_refused_unless_it_moves_the_clock_or_the_clock_stands_at_its_end(
    monkeypatch: pytest.MonkeyPatch, business_date: str | None, clock_file: str | None, is_refused: bool
) -> None:
    current = Status({}, {}, {}, {}, {}, None, {}, "", business_date, clock_file)
    monkeypatch.setattr(status, "read", lambda state: current)

    with pytest.raises(StackError, match="2025-01-20") if is_refused else nullcontext():
        refuse_other_date(State(Path()), scenario())


def test_clock_file_is_replaced_so_that_no_reader_sees_half_of_it(clock: BusinessClock) -> None:
    clock.advance_to(scenario().starts_at)
    with clock.file.open() as opened_before:
        clock.advance_to(LAST)

        assert opened_before.read() == "2022-01-03T10:00:00+09:00\n"
    assert [file.name for file in clock.file.parent.iterdir()] == ["business-clock"]
