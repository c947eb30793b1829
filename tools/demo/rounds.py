"""Steps of a round: opening, the agency's agreement, closing, screening, reviews, selection."""

from collections.abc import Mapping
from datetime import date
from random import Random

from tools.demo.actors import Office, reviewer
from tools.demo.case_steps import Case
from tools.demo.randomness import add_business_days, split_in_proportion
from tools.demo.settings import Round
from tools.demo.steps import Call

PANEL_SIZE = 12


def open_round(programme: str, round: Round, quota: Mapping[str, int], office: Office) -> list[Call]:
    """Build the round's opening, announced a few days before, and the year's agreement with the executing agency."""
    round_id = round_id_of(programme, round)
    opened = {
        "round_id": round_id,
        "programme_id": programme,
        "year": round.year,
        "name_ko": round.name_ko,
        "opens_on": round.opens_on.isoformat(),
        "closes_on": round.closes_on.isoformat(),
        "quota": dict(quota),
        "occurred_on": add_business_days(round.opens_on, -4).isoformat(),
    }
    agreed = {"agency_ko": round.agency_ko, "occurred_on": round.agreed_on.isoformat()}
    return [
        Call(f"{round_id}/open", "applications", "/rounds", office.officer, opened),
        Call(f"{round_id}/agree", "applications", f"/rounds/{round_id}/agreement", office.officer, agreed),
    ]


def round_id_of(programme: str, round: Round) -> str:
    return f"{programme}-{round.year}"


def close_round(round_id: str, office: Office, on: date) -> Call:
    body = {"occurred_on": on.isoformat()}
    return Call(f"{round_id}/close", "applications", f"/rounds/{round_id}/closing", office.officer, body)


def select(round_id: str, office: Office, on: date, expect: Mapping[str, int]) -> Call:
    path, body = f"/rounds/{round_id}/selection", {"occurred_on": on.isoformat()}
    return Call(f"{round_id}/select", "applications", path, office.officer, body, expect=expect)


def screen(case: Case, on: date, reasons: list[str]) -> Call:
    return case.call("screening", "applications", "screening", on, eligible=not reasons, reasons=reasons)


def review(case: Case, number: int, scores: Mapping[str, int], on: date, conflict: bool = False) -> Call:
    actor = reviewer(case.office, number)
    body = {"scores": dict(scores), "conflict_of_interest": conflict}
    return case.call(f"review-{number:02d}", "applications", "reviews", on, actor, **body)


def reviews(
    case: Case,
    mean: int,
    criteria: Mapping[str, int],
    *,
    on: date,
    random: Random,
    five: bool = False,
    conflict: bool = False,
) -> list[Call]:
    """Build three or five reviews with a counted mean of exactly `mean`, and one with a conflict of interest if wanted.

    The offsets sum to zero; of five, the highest and the lowest are not counted, and the rest still sum to zero.
    """
    inner, outer = random.randint(0, 2), random.randint(2, 4)
    offsets = [-outer, -inner, 0, inner, outer] if five else [-inner, 0, inner]
    random.shuffle(offsets)
    first = random.randrange(PANEL_SIZE)
    numbers = [(first + index) % PANEL_SIZE + 1 for index in range(len(offsets) + 1)]
    steps = [
        review(case, number, split_in_proportion(mean + offset, criteria), on)
        for number, offset in zip(numbers, offsets, strict=False)
    ]
    if conflict:
        steps.append(review(case, numbers[-1], dict(criteria), on, conflict=True))
    return steps
