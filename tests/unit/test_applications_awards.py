"""Rules of an award: made by ranking or by the ministry, relinquished, and passed on."""

import pytest

from services.applications.agreements import domain as agreements
from services.applications.awards import domain as awards
from services.applications.awards.models import Outcome
from shared.errors import RuleBroken
from shared.events.applications import CompanyRejected, CompanyReserved, CompanySelected, Ranking
from tests.unit.applications_builders import SELECTED_ON, SIGNED_ON, a_case, a_round, an_award, refused


def test_an_award_names_the_way_it_was_made() -> None:
    ranked, by_ranking = awards.award(a_case(), Outcome.SELECTED, SELECTED_ON, rank=1, score="250/3")
    _, by_ministry = awards.award(a_case(), Outcome.SELECTED, SELECTED_ON)
    _, reserved = awards.award(a_case(), Outcome.RESERVED, SELECTED_ON, rank=3, score="20")

    assert isinstance(by_ranking, CompanySelected)
    assert isinstance(by_ministry, CompanySelected)
    assert isinstance(reserved, CompanyReserved)
    assert (ranked.via, by_ranking.via, by_ranking.score, by_ministry.via) == (
        "ranking",
        "ranking",
        "250/3",
        "ministry",
    )
    assert (by_ranking.track, by_ranking.rank, reserved.rank, ranked.quota_key) == ("JS1", 1, 3, "JS1")


@pytest.mark.parametrize("outcome", [Outcome.RESERVED, Outcome.REJECTED])
def test_a_case_that_is_not_selected_has_no_way_of_selection(outcome: Outcome) -> None:
    award, _ = awards.award(a_case(), outcome, SELECTED_ON, rank=3, score="20")

    assert award.via is None


def test_promotion_names_the_case_that_relinquished_its_award() -> None:
    award, predecessor = an_award(Outcome.RESERVED), a_case(receipt_number="JSF-2024-0009-30")

    event = awards.promote_from_waiting_list(award, a_case(id=award.case_id), predecessor, SIGNED_ON)

    assert isinstance(event, CompanySelected)
    assert (event.via, event.rank, award.status) == ("reserve", 3, "selected")
    assert event.predecessor_receipt_number == award.predecessor_receipt_number == "JSF-2024-0009-30"
    assert event.track == "JS1"


def test_an_award_and_its_event_have_the_same_grounds() -> None:
    ranking = Ranking(applications=3, quota=2, reviews=5, trimmed=True)

    ranked, reserved = awards.award(
        a_case(), Outcome.RESERVED, SELECTED_ON, rank=3, score="20", ranking=ranking.model_dump()
    )
    excluded, rejected = awards.award(
        a_case(), Outcome.REJECTED, SELECTED_ON, cause="ineligible", findings=["이미 지원받음"]
    )

    assert isinstance(reserved, CompanyReserved)
    assert isinstance(rejected, CompanyRejected)
    assert (ranked.ranking, reserved.ranking) == (ranking.model_dump(), ranking)
    assert (rejected.cause, rejected.findings) == (excluded.cause, excluded.findings)


def test_a_promotion_replaces_the_sentence_of_an_older_award() -> None:
    award = an_award(Outcome.RESERVED, reason="JS1 트랙 3위, 예비 1번")

    awards.promote_from_waiting_list(award, a_case(id=award.case_id), a_case(), SIGNED_ON)

    assert award.reason is None


@pytest.mark.parametrize(("status", "freed"), [(Outcome.SELECTED, True), (Outcome.RESERVED, False)])
def test_only_a_selected_case_frees_support_when_it_relinquishes(status: Outcome, freed: bool) -> None:
    assert awards.relinquish(an_award(status), SIGNED_ON) is freed


@pytest.mark.parametrize("status", [Outcome.REJECTED, Outcome.GIVEN_UP])
def test_a_case_without_an_award_cannot_relinquish(status: Outcome) -> None:
    with refused("place_status"):
        awards.relinquish(an_award(status), SIGNED_ON)


@pytest.mark.parametrize(
    ("status", "now"), [(Outcome.RESERVED, "예비"), (Outcome.REJECTED, "탈락"), (Outcome.GIVEN_UP, "포기")]
)
def test_only_a_selected_case_signs_an_agreement(status: Outcome, now: str) -> None:
    with pytest.raises(RuleBroken, match=rf"^place_needed: .*지금 '{now}' 상태"):
        awards.require_award(an_award(status))


def test_an_undecided_case_neither_signs_nor_relinquishes() -> None:
    with pytest.raises(RuleBroken, match=r"^place_needed: .*지금 '선정 전' 상태"):
        awards.require_award(None)
    with refused("not_decided"):
        agreements.require_decision(None)


def test_a_top_up_round_takes_its_quota_or_without_one_any_number() -> None:
    awards.refuse_beyond_quota(a_round(quota={"all": 3}), selected=2)
    awards.refuse_beyond_quota(a_round(quota={}), selected=999)

    with refused("quota_full"):
        awards.refuse_beyond_quota(a_round(quota={"all": 3}), selected=3)
