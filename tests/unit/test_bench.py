"""Figures of the benchmarks, their report, and the event generator."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from shared.events import catalogue
from tests.bench import event_generator, report
from tests.bench.event_generator import CASES_PER_ROUND, EVENTS_PER_CASE, STEPS
from tests.bench.figure import Figure, Measurements, percentile


@pytest.mark.parametrize(
    ("value", "goal", "ok"), [(30.0, ">= 0.3", True), (29.0, ">= 0.3", False), (31.0, "<= 0.3", False)]
)
def test_figure_meets_or_misses_its_goal(value: float, goal: str, ok: bool) -> None:
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


def test_median_pair_is_of_the_round_with_the_median_ratio() -> None:
    measured = Measurements({"product": [10.0, 50.0, 30.0], "bare": [20.0, 60.0, 100.0]})

    assert measured.median_pair("product", "bare") == (10.0, 20.0)  # not 30 of one round and 60 of another
    assert measured.median_pair("product", "missing") == (30.0, None)


def test_missing_peer_is_reported_and_misses_no_goal() -> None:
    figure = Figure("one / peer", 30.0, None, "events/s", ">= 3", "is not installed")

    assert figure.ok
    assert orjson.loads(figure.as_json())["missing"] == "is not installed"
    assert orjson.loads(figure.as_json())["ratio"] is None
    assert report.cells(figure)[-1] == "peer missing: is not installed"


@pytest.mark.parametrize(("value", "limit"), [(1.0, None), (None, 1.0), (0.0, 1.0), (1.0, 0.0)])
def test_figure_without_a_measurement_is_refused(value: float | None, limit: float | None) -> None:
    with pytest.raises(ValueError, match="not measured"):
        Figure("one / other", value, limit, "events/s", ">= 3")


def test_invalid_goal_is_refused() -> None:
    with pytest.raises(ValueError, match="no goal"):
        Figure("one / other", 1.0, 1.0, "events/s", "> 3")


def test_report_replaces_the_table_between_the_markers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(report, "DOCUMENT", document)

    report.write([Figure("one / other", 12_345.6, 2.0, "µs", "<= 1.2")], {"relay": 90.0})

    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- figures -->\n")
    assert text.endswith("<!-- /figures -->\nafter\n")
    assert "| one / other | 12,346 | 2 | µs | 6,173 | <= 1.2 | MISSED |" in text
    assert "old" not in text


def test_percentiles_are_measured_values() -> None:
    values = [float(n) for n in range(100, 0, -1)]

    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (51, 100, 100)


def test_each_step_of_the_generator_is_an_event_of_the_catalogue() -> None:
    for step, (event, _, _) in enumerate(STEPS):
        record = event_generator.generate(12_345, step)

        decoded = event.model_validate_json(record.value)

        assert event in catalogue.events()
        assert (record.topic, record.key.decode()) == (event.topic, decoded.subject)


def test_generator_yields_the_requested_number_of_events_once_each_and_in_order() -> None:
    records = list(event_generator.generate_records(CASES_PER_ROUND * EVENTS_PER_CASE + 40))

    ids = Counter(dict(record.headers)["ce_id"] for record in records)
    sequences: dict[tuple[bytes, bytes], list[int]] = {}
    for record in records:
        headers = dict(record.headers)
        sequences.setdefault((headers["ce_source"], record.key), []).append(int(headers["ce_sequence"]))

    assert len(records) == len(ids) == CASES_PER_ROUND * EVENTS_PER_CASE + 40
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in sequences.values())
