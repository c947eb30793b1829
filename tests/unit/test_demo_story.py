"""The story sums exactly to the documents' figures, is the same for the same seed, and is possible."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import pytest

from services.applications.selection.domain import Candidate, Scorecard, decide
from shared.events.definition import ReviewRule
from shared.events.external import LegacyCaseRecorded
from shared.values.business_number import is_valid
from shared.values.calendar import add_months
from tools.demo.applicants import applicants
from tools.demo.omissions import Left
from tools.demo.scenario import Story, tell
from tools.demo.settings import Settings, load_settings
from tools.demo.smart_factory_cases import buildings
from tools.demo.steps import Await, Call, Publish, Step

BUSINESS_DATE = date(2025, 1, 20)


@cache
def story() -> Story:
    return tell()


@cache
def settings() -> Settings:
    return load_settings()


def steps(told: Story | None = None) -> Iterator[Step]:
    for chapter in (told or story()).chapters:
        for strand in chapter.strands:
            yield from strand


def calls(path_ends: str, key_has: str = "") -> list[Call]:
    return [
        step
        for step in steps()
        if isinstance(step, Call) and step.path.endswith(path_ends) and key_has in step.key
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


def test_the_same_seed_tells_the_same_story_byte_by_byte() -> None:
    other = settings().model_copy(update={"seed": 1})

    assert tell().as_bytes() == story().as_bytes()
    assert tell(other).as_bytes() != story().as_bytes()


def test_no_two_steps_have_the_same_key() -> None:
    keys = Counter(step.key for step in steps())

    assert [key for key, count in keys.items() if count > 1] == []


def test_gimcheons_past_sums_to_the_won_and_each_company_divides_by_the_ratio() -> None:
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


def test_the_export_programmes_past_sums_to_the_won() -> None:
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
def test_the_past_has_one_record_a_company(prefix: str, counts: dict[tuple[int, int, str], int]) -> None:
    records = legacy(prefix)

    assert Counter((one.year_from, one.year_to, one.status) for one in records) == counts
    assert len({one.record_id for one in records}) == len(records)


def test_all_fifteen_municipalities_have_companies_in_the_record() -> None:
    assert len({record.municipality for record in legacy("CN-TP")}) == 15


def test_what_a_document_shows_has_happened_by_its_date() -> None:
    assert max(record.occurred_on for record in legacy("GC-")) <= date(2021, 12, 31)
    assert max(record.occurred_on for record in legacy("CN-")) <= date(2022, 12, 30)


def test_176_apply_for_70_places_by_track() -> None:
    applied = Counter(call.body["track"] for call in calls("/applications", "jeonbuk"))

    assert applied == {"JS1": 53, "JS2": 95, "JS3": 28}


def test_the_ranking_rule_selects_whom_the_story_expects() -> None:
    people = applicants(settings().jeonbuk, settings().seed)
    given = _reviews_by_case()
    ids = {one.company.code: uuid4() for one in people}
    candidates = [
        Candidate(
            ids[one.company.code],
            one.company.code,
            one.company.business_number,
            one.track,
            [
                Scorecard(call.body["scores"], call.body["conflict_of_interest"])
                for call in given[one.company.code]
            ],
            None if one.rank else "지원 제외",
        )
        for one in people
    ]
    rule = ReviewRule(criteria={"need": 30, "plan": 40, "effect": 30}, ties=["plan", "effect"])

    decided = {one.case_id: one for one in decide(candidates, rule, {"JS1": 40, "JS2": 20, "JS3": 10})}

    assert Counter(one.outcome for one in decided.values()) == {"selected": 70, "reserved": 99, "rejected": 7}
    for one in people:
        if one.rank is not None and one.rank <= 45:
            assert decided[ids[one.company.code]].rank == one.rank


def _reviews_by_case() -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in calls("/reviews", "jeonbuk"):
        found.setdefault(call.key.split("/")[1], []).append(call)
    return found | {one.company.code: [] for one in _not_eligible()}


def _not_eligible() -> list[Any]:
    return [one for one in applicants(settings().jeonbuk, settings().seed) if one.rank is None]


def test_no_reviewer_reviews_a_case_twice_and_no_score_is_above_its_maximum() -> None:
    for of_case in _reviews_by_case().values():
        assert len({call.actor.subject for call in of_case}) == len(of_case)
        for call in of_case:
            assert call.body["scores"]["need"] <= 30
            assert call.body["scores"]["plan"] <= 40
            assert call.body["scores"]["effect"] <= 30


def test_39_of_70_have_completed_or_are_due_within_thirty_days() -> None:
    built = buildings(settings(), applicants(settings().jeonbuk, settings().seed))

    completed = [one for one in built if one.completed_on]
    due = {one.case.key: add_months(one.agreed_on, 6) for one in built if not one.completed_on}
    about_to = [day for day in due.values() if 0 <= (day - BUSINESS_DATE).days <= 30]
    missed = [day for day in due.values() if day < BUSINESS_DATE]

    assert len(built) == 70
    assert len(completed) + len(about_to) == 39
    assert len(missed) == 1
    assert BUSINESS_DATE + timedelta(days=30) in about_to


def test_exactly_25_companies_are_visited_once_each() -> None:
    visited = Counter(call.path for call in calls("/visits"))

    assert len(visited) == 25
    assert set(visited.values()) == {1}


def test_the_three_people_of_a_payment_are_three() -> None:
    for ends in ("/tranches/1/request", "/tranches/2/request"):
        for asked in calls(ends):
            path = asked.path.removesuffix("/request")
            people = [
                call.actor.subject for step in ("approval", "instruction") for call in calls(f"{path}/{step}")
            ]
            assert len({asked.actor.subject, *people}) == 3


def test_each_case_that_stands_starts_brings_its_share_and_is_paid_once_at_least() -> None:
    signed = _cases(calls("/agreement", "/agreement")) - _cases(calls("/abandonment"))

    assert len(signed) == 70 + 11 + 3
    for step in ("/self-contribution", "/tranches/1/instruction"):
        assert _cases(calls(step)) == signed
    started = {
        *_cases(calls("/milestones/kickoff/achievement")),
        *_cases(calls("/milestones/plan/achievement")),
    }
    assert started == signed


def _cases(found: list[Call]) -> set[str]:
    return {"/".join(call.key.split("/")[:2]) for call in found}


def test_nothing_happens_after_the_business_date_nor_before_its_own_agreement() -> None:
    dated = [(step.key, date.fromisoformat(_said(step)["occurred_on"])) for step in steps() if _dated(step)]
    signed = {call.key.rsplit("/", 1)[0]: _on(call) for call in calls("/agreement", "/agreement")}

    assert max(day for _, day in dated) <= BUSINESS_DATE
    for call in [*calls("/achievement"), *calls("/request"), *calls("/self-contribution")]:
        assert all(_on(call) >= signed[case] for case in _cases([call]))


def _said(step: Step) -> Any:
    return step.body if isinstance(step, Call) else step.data if isinstance(step, Publish) else {}


def _dated(step: Step) -> bool:
    return not isinstance(step, Await) and "occurred_on" in _said(step)


def _on(call: Call) -> date:
    return date.fromisoformat(call.body["occurred_on"])


def test_a_name_is_kept_before_it_is_used() -> None:
    kept: set[str] = set()
    for step in steps():
        for name in _names_used(step):
            assert name in kept, f"{step.key} uses {name}"
        kept |= _names_kept(step)


def _names_used(step: Step) -> set[str]:
    text = repr(
        (getattr(step, "path", ""), step.actor.subject if isinstance(step, Call) else "", _said(step))
    )
    return set(re.findall(r"\{([a-z]+:[^}]+)\}", text))


def _names_kept(step: Step) -> set[str]:
    if isinstance(step, Await):
        return {step.wanted["keep"]} if "keep" in step.wanted else set()
    return set(step.keep) if isinstance(step, Call) else set()


def test_made_up_companies_cannot_be_mistaken_for_real_ones() -> None:
    numbers = [call.body["business_number"] for call in calls("/companies")]

    assert len(set(numbers)) == len(numbers) == 176 + 11 + 3
    assert all(is_valid(number) and number.startswith("000") for number in numbers)


@pytest.mark.parametrize(("left", "fewer_steps"), [(Left.VISIT, 2), (Left.LEGACY_COMPANY, 1)])
def test_what_is_left_out_is_missing_and_nothing_else(left: Left, fewer_steps: int) -> None:
    shorter = tell(left={left})

    whole, kept = {step.key: step for step in steps()}, {step.key: step for step in steps(shorter)}

    assert len(whole) - len(kept) == fewer_steps
    assert all(whole[key] == step for key, step in kept.items())


def test_a_plan_cell_left_out_changes_one_definition_only() -> None:
    shorter = {step.key: step for step in steps(tell(left={Left.PLAN_CELL}))}

    changed = [step.key for step in steps() if shorter[step.key] != step]

    assert changed == ["gimcheon-smart-factory/publish/2022-01-03"]
