"""The scenario sums exactly to the documents' figures, is determined by its seed, and breaks no rule."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import pytest

from services.applications.selection.domain import Candidate, Exclusion, Scorecard, decide
from shared.events.definition import ReviewRule
from shared.events.external import LegacyCaseRecorded
from shared.values.business_number import is_valid
from shared.values.calendar import add_months
from tools.demo.applicants import Applicant, applicants
from tools.demo.omissions import Omission
from tools.demo.scenario import Scenario, build_scenario
from tools.demo.settings import Settings, load_settings
from tools.demo.smart_factory_cases import smart_factory_cases
from tools.demo.steps import Await, Call, Publish, Step

BUSINESS_DATE = date(2025, 1, 20)


@cache
def scenario() -> Scenario:
    return build_scenario()


@cache
def settings() -> Settings:
    return load_settings()


def steps(of: Scenario | None = None) -> Iterator[Step]:
    for phase in (of or scenario()).phases:
        for lane in phase.lanes:
            yield from lane


def calls(path_suffix: str, key_part: str = "") -> list[Call]:
    return [
        step
        for step in steps()
        if isinstance(step, Call) and step.path.endswith(path_suffix) and key_part in step.key
    ]


def legacy(prefix: str) -> list[LegacyCaseRecorded]:
    return [
        LegacyCaseRecorded.model_validate(step.data)
        for step in steps()
        if isinstance(step, Publish) and step.key.startswith(f"legacy/{prefix}")
    ]


def won_by_funder(records: list[LegacyCaseRecorded]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for record in records:
        sums.update({str(funder): krw for funder, krw in record.amounts_krw.items()})
    return dict(sums)


def test_seed_determines_the_scenario_byte_by_byte() -> None:
    other = settings().model_copy(update={"seed": 1})

    assert build_scenario().as_bytes() == scenario().as_bytes()
    assert build_scenario(other).as_bytes() != scenario().as_bytes()


def test_step_keys_are_unique() -> None:
    keys = Counter(step.key for step in steps())

    assert [key for key, count in keys.items() if count > 1] == []


def test_gimcheons_past_results_sum_to_the_won_and_each_company_divides_by_the_ratio() -> None:
    records = legacy("GC-SF")

    assert won_by_funder(records) == {
        "national": 3_000_000_000,
        "province": 600_000_000,
        "city": 1_200_000_000,
        "self": 1_200_000_000,
    }
    for record in records:
        shares = {str(funder): krw for funder, krw in record.amounts_krw.items()}
        assert shares["national"] == 5 * shares["province"] == 5 * shares["city"] // 2
        assert shares["self"] == shares["city"]
    assert len({record.amounts_krw["city"] for record in records}) > 30  # type: ignore[index]  # every record has amounts


def test_export_programmes_past_results_sum_to_the_won() -> None:
    assert won_by_funder([*legacy("GC-EX"), *legacy("GC-TD")]) == {"city": 780_000_000, "self": 156_000_000}
    assert max(krw for record in legacy("GC-EX") for krw in record.amounts_krw.values()) <= 13_000_000
    assert len({record.company_name_ko for record in [*legacy("GC-EX"), *legacy("GC-TD")]}) == 52


@pytest.mark.parametrize(
    ("prefix", "counts"),
    [
        (
            "GC-SF",
            {(2019, 2019, "completed"): 9, (2020, 2020, "completed"): 11, (2021, 2021, "in_progress"): 16},
        ),
        ("CN-TP", {(2019, 2021, "completed"): 523, (2022, 2022, "in_progress"): 110}),
    ],
)
def test_past_results_have_one_record_a_company(prefix: str, counts: dict[tuple[int, int, str], int]) -> None:
    records = legacy(prefix)

    assert Counter((record.year_from, record.year_to, record.status) for record in records) == counts
    assert len({record.record_id for record in records}) == len(records)


def test_all_fifteen_municipalities_have_past_results() -> None:
    assert len({record.municipality for record in legacy("CN-TP")}) == 15


def test_past_results_have_happened_by_their_documents_date() -> None:
    assert max(record.occurred_on for record in legacy("GC-")) <= date(2021, 12, 31)
    assert max(record.occurred_on for record in legacy("CN-")) <= date(2022, 12, 30)


def test_176_companies_apply_by_track() -> None:
    applied = Counter(call.body["track"] for call in calls("/applications", "jeonbuk"))

    assert applied == {"JS1": 53, "JS2": 95, "JS3": 28}


def test_ranking_rule_selects_the_expected_applicants() -> None:
    applied = applicants(settings().jeonbuk, settings().seed)
    reviews = _reviews_by_case()
    ids = {row.company.code: uuid4() for row in applied}
    candidates = [
        Candidate(
            ids[row.company.code],
            row.company.code,
            row.company.business_number,
            row.track,
            [
                Scorecard(call.body["scores"], call.body["conflict_of_interest"])
                for call in reviews[row.company.code]
            ],
            None if row.rank else Exclusion("ineligible"),
        )
        for row in applied
    ]
    rule = ReviewRule(criteria={"need": 30, "plan": 40, "effect": 30}, ties=["plan", "effect"])

    decided = {
        result.case_id: result for result in decide(candidates, rule, {"JS1": 40, "JS2": 20, "JS3": 10})
    }

    assert Counter(result.outcome for result in decided.values()) == {
        "selected": 70,
        "reserved": 99,
        "rejected": 7,
    }
    for row in applied:
        if row.rank is not None and row.rank <= 45:
            assert decided[ids[row.company.code]].rank == row.rank


def _reviews_by_case() -> dict[str, list[Call]]:
    reviews: dict[str, list[Call]] = {}
    for call in calls("/reviews", "jeonbuk"):
        reviews.setdefault(call.key.split("/")[1], []).append(call)
    return reviews | {row.company.code: [] for row in _not_eligible()}


def _not_eligible() -> list[Applicant]:
    return [row for row in applicants(settings().jeonbuk, settings().seed) if row.rank is None]


def test_no_reviewer_reviews_a_case_twice_and_no_score_exceeds_its_maximum() -> None:
    for reviews in _reviews_by_case().values():
        assert len({call.actor.subject for call in reviews}) == len(reviews)
        for call in reviews:
            assert call.body["scores"]["need"] <= 30
            assert call.body["scores"]["plan"] <= 40
            assert call.body["scores"]["effect"] <= 30


def test_39_of_70_have_completed_or_are_due_within_thirty_days() -> None:
    cases = smart_factory_cases(settings(), applicants(settings().jeonbuk, settings().seed))

    completed = [row for row in cases if row.completed_on]
    due = {row.case.key: add_months(row.agreed_on, 6) for row in cases if not row.completed_on}
    about_to = [day for day in due.values() if 0 <= (day - BUSINESS_DATE).days <= 30]
    missed = [day for day in due.values() if day < BUSINESS_DATE]

    assert len(cases) == 70
    assert len(completed) + len(about_to) == 39
    assert len(missed) == 1
    assert BUSINESS_DATE + timedelta(days=30) in about_to


def test_25_companies_are_visited_once_each() -> None:
    visited = Counter(call.path for call in calls("/visits"))

    assert len(visited) == 25
    assert set(visited.values()) == {1}


def test_three_different_people_handle_a_payment() -> None:
    for suffix in ("/tranches/1/request", "/tranches/2/request"):
        for request in calls(suffix):
            path = request.path.removesuffix("/request")
            people = [
                call.actor.subject for step in ("approval", "instruction") for call in calls(f"{path}/{step}")
            ]
            assert len({request.actor.subject, *people}) == 3


def test_each_lasting_agreement_starts_has_its_self_contribution_and_is_paid_at_least_once() -> None:
    signed = _cases(calls("/agreement", "/agreement")) - _cases(calls("/abandonment"))

    assert len(signed) == 70 + 11 + 3
    for step in ("/self-contribution", "/tranches/1/instruction"):
        assert _cases(calls(step)) == signed
    started = {
        *_cases(calls("/milestones/kickoff/achievement")),
        *_cases(calls("/milestones/plan/achievement")),
    }
    assert started == signed


def _cases(commands: list[Call]) -> set[str]:
    return {"/".join(call.key.split("/")[:2]) for call in commands}


def test_no_step_is_dated_after_the_business_date_or_before_its_agreement() -> None:
    dated = [
        (step.key, date.fromisoformat(_data(step)["occurred_on"])) for step in steps() if _is_dated(step)
    ]
    signed = {call.key.rsplit("/", 1)[0]: _on(call) for call in calls("/agreement", "/agreement")}

    assert max(day for _, day in dated) <= BUSINESS_DATE
    for call in [*calls("/achievement"), *calls("/request"), *calls("/self-contribution")]:
        assert all(_on(call) >= signed[case] for case in _cases([call]))


def _data(step: Step) -> Any:
    return step.body if isinstance(step, Call) else step.data if isinstance(step, Publish) else {}


def _is_dated(step: Step) -> bool:
    return not isinstance(step, Await) and "occurred_on" in _data(step)


def _on(call: Call) -> date:
    return date.fromisoformat(call.body["occurred_on"])


def test_placeholder_is_captured_before_it_is_used() -> None:
    """By an earlier step of the same lane, or on an earlier date or in an earlier phase: lanes run in parallel."""
    captured: set[str] = set()
    for phase in (phase for day in scenario().days for phase in day.phases):
        of_phase: set[str] = set()
        for lane in phase.lanes:
            of_lane: set[str] = set()
            for step in lane:
                assert _placeholders_used(step) <= captured | of_lane, step.key
                of_lane |= _placeholders_captured(step)
            of_phase |= of_lane
        captured |= of_phase


def _placeholders_used(step: Step) -> set[str]:
    text = repr(
        (getattr(step, "path", ""), step.actor.subject if isinstance(step, Call) else "", _data(step))
    )
    return set(re.findall(r"\{([a-z]+:[^}]+)\}", text))


def _placeholders_captured(step: Step) -> set[str]:
    if isinstance(step, Await):
        return {step.parameters["capture_as"]} if "capture_as" in step.parameters else set()
    return set(step.capture) if isinstance(step, Call) else set()


def test_made_up_companies_cannot_be_mistaken_for_real_ones() -> None:
    numbers = [call.body["business_number"] for call in calls("/companies")]

    assert len(set(numbers)) == len(numbers) == 176 + 11 + 3
    assert all(is_valid(number) and number.startswith("000") for number in numbers)


@pytest.mark.parametrize(("omission", "missing_steps"), [(Omission.VISIT, 2), (Omission.LEGACY_COMPANY, 1)])
def test_omission_removes_its_own_steps_only(omission: Omission, missing_steps: int) -> None:
    shorter = build_scenario(omissions={omission})

    whole, rest = {step.key: step for step in steps()}, {step.key: step for step in steps(shorter)}

    assert len(whole) - len(rest) == missing_steps
    assert all(whole[key] == step for key, step in rest.items())


def test_omitted_plan_cell_changes_one_definition_only() -> None:
    shorter = {step.key: step for step in steps(build_scenario(omissions={Omission.PLAN_CELL}))}

    changed = [step.key for step in steps() if shorter[step.key] != step]

    assert changed == ["gimcheon-smart-factory/publish/2022-01-03"]
