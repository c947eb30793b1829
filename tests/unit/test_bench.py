"""What the benchmarks say, and what they measure with: a figure never passes for more than it is."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from shared.events import catalogue
from tests.bench import lives, report
from tests.bench.figure import Figure, Turns, percentile
from tests.bench.lives import EACH, LIFE, ROUND


@pytest.mark.parametrize(
    ("value", "goal", "ok"), [(30.0, ">= 0.3", True), (29.0, ">= 0.3", False), (31.0, "<= 0.3", False)]
)
def test_a_goal_is_reached_or_missed(value: float, goal: str, ok: bool) -> None:
    figure = Figure("one / other", value, 100.0, "events/s", goal)

    assert figure.ok is ok
    assert orjson.loads(figure.as_json()) == {
        "figure": "one / other",
        "value": value,
        "limit": 100.0,
        "ratio": value / 100,
        "unit": "events/s",
        "goal": goal,
        "ok": ok,
    }


def test_a_ratio_is_of_one_round_that_of_the_median() -> None:
    turns = Turns({"ours": [10.0, 50.0, 30.0], "bare": [20.0, 60.0, 100.0]})

    assert turns.pair("ours", "bare") == (10.0, 20.0)  # not 30 of one round against 60 of another
    assert turns.pair("ours", "who is not here") == (30.0, None)


def test_a_missing_peer_is_said_and_fails_nothing() -> None:
    figure = Figure("one / peer", 30.0, None, "events/s", ">= 3", "is not installed")

    assert figure.ok
    assert orjson.loads(figure.as_json())["missing"] == "is not installed"
    assert orjson.loads(figure.as_json())["ratio"] is None
    assert report.cells(figure)[-1] == "peer missing: is not installed"


@pytest.mark.parametrize(("value", "limit"), [(1.0, None), (None, 1.0), (0.0, 1.0), (1.0, 0.0)])
def test_what_was_not_measured_is_no_figure(value: float | None, limit: float | None) -> None:
    with pytest.raises(ValueError, match="not measured"):
        Figure("one / other", value, limit, "events/s", ">= 3")


def test_a_goal_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no goal"):
        Figure("one / other", 1.0, 1.0, "events/s", "> 3")


def test_the_table_stands_between_its_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(report, "DOCUMENT", document)

    report.write([Figure("one / other", 12_345.6, 2.0, "µs", "<= 1.2")], {"relay": 90.0})

    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- figures -->\n")
    assert text.endswith("<!-- /figures -->\nafter\n")
    assert "| one / other | 12,346 | 2 | µs | 6,173 | <= 1.2 | MISSED |" in text
    assert "old" not in text


def test_percentiles_are_of_the_values_themselves() -> None:
    values = [float(n) for n in range(100, 0, -1)]

    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (51, 100, 100)


def test_each_step_of_a_made_up_life_is_an_event_of_the_catalogue() -> None:
    for step, (event, _, _) in enumerate(LIFE):
        made = lives.made(12_345, step)

        told = event.model_validate_json(made.value)

        assert event in catalogue.events()
        assert (made.topic, made.key.decode()) == (event.topic, told.subject)


def test_lives_are_as_many_events_as_asked_for_each_once_and_in_order() -> None:
    made = list(lives.lives(ROUND * EACH + 40))

    ids = Counter(dict(one.headers)["ce_id"] for one in made)
    numbers: dict[tuple[bytes, bytes], list[int]] = {}
    for one in made:
        headers = dict(one.headers)
        numbers.setdefault((headers["ce_source"], one.key), []).append(int(headers["ce_sequence"]))

    assert len(made) == len(ids) == ROUND * EACH + 40
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
