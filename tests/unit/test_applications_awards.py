"""The rules of a place: how it is come by, given up and passed on."""

import pytest

from services.applications.agreements import domain as agreements
from services.applications.awards import domain as places
from services.applications.awards.models import Outcome
from shared.events.applications import CompanyReserved, CompanySelected
from tests.unit.applications_builders import SELECTED_ON, SIGNED_ON, a_case, a_place, a_round, refused


def test_a_place_says_how_it_was_come_by() -> None:
    ranked, by_ranking = places.give(a_case(), Outcome.SELECTED, "1위", SELECTED_ON, rank=1, score="250/3")
    _, by_ministry = places.give(a_case(), Outcome.SELECTED, "중앙부처", SELECTED_ON)
    _, reserved = places.give(a_case(), Outcome.RESERVED, "예비", SELECTED_ON, rank=3, score="20")

    assert isinstance(by_ranking, CompanySelected)
    assert isinstance(by_ministry, CompanySelected)
    assert isinstance(reserved, CompanyReserved)
    assert (ranked.via, by_ranking.via, by_ranking.score, by_ministry.via) == (
        "ranking",
        "ranking",
        "250/3",
        "ministry",
    )


def test_who_is_promoted_is_told_whom_they_follow() -> None:
    place, followed = a_place(Outcome.RESERVED), a_case(receipt_number="JSF-2024-0009-30")

    said = places.promote(place, a_case(id=place.case_id), followed, SIGNED_ON)

    assert isinstance(said, CompanySelected)
    assert (said.via, said.rank, place.status) == ("reserve", 3, "selected")
    assert "JSF-2024-0009-30" in said.reason


@pytest.mark.parametrize(("status", "held"), [(Outcome.SELECTED, True), (Outcome.RESERVED, False)])
def test_only_who_held_a_place_leaves_one_free(status: Outcome, held: bool) -> None:
    assert places.give_up(a_place(status), SIGNED_ON) is held


@pytest.mark.parametrize("status", [Outcome.REJECTED, Outcome.GIVEN_UP])
def test_without_a_place_there_is_nothing_to_give_up(status: Outcome) -> None:
    with refused("place_status"):
        places.give_up(a_place(status), SIGNED_ON)


@pytest.mark.parametrize("status", [Outcome.RESERVED, Outcome.REJECTED, Outcome.GIVEN_UP])
def test_only_who_holds_a_place_signs(status: Outcome) -> None:
    with refused("place_needed"):
        places.refuse_without_place(a_place(status))


def test_an_undecided_case_neither_signs_nor_gives_up() -> None:
    with refused("place_needed"):
        places.refuse_without_place(None)
    with refused("not_decided"):
        agreements.refuse_undecided(None)


def test_a_top_up_round_takes_as_many_as_it_states_or_all() -> None:
    places.refuse_full(a_round(quota={"all": 3}), taken=2)
    places.refuse_full(a_round(quota={}), taken=999)

    with refused("quota_full"):
        places.refuse_full(a_round(quota={"all": 3}), taken=3)
