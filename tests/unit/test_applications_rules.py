"""The rules of programmes, companies, rounds, cases, reviews, places, agreements and past results, one by one."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.applications.agreements import domain as agreements
from services.applications.agreements.models import Agreement
from services.applications.agreements.models import Status as AgreementStatus
from services.applications.cases import domain as cases
from services.applications.cases.domain import Plan
from services.applications.cases.models import Status
from services.applications.companies import domain as companies
from services.applications.companies.models import State
from services.applications.places import domain as places
from services.applications.places.models import Outcome, Place
from services.applications.programmes import domain as programmes
from services.applications.programmes.models import Programme
from services.applications.records import domain as records
from services.applications.reviews import domain as reviews
from services.applications.rounds import domain as rounds
from services.applications.rounds.models import Round
from services.applications.selection import domain as selection
from shared.errors import NotAllowed, RuleBroken
from shared.events.applications import CompanyReserved, CompanySelected
from shared.events.definition import Definition, Proposal, ReviewRule
from shared.events.external import LegacyCaseRecorded, MinistryCompanySelected
from shared.values.money import Funder
from tests.builders import a_business_number
from tests.unit.applications_builders import (
    CLOSES_ON,
    CRITERIA,
    IN_WINDOW,
    OPENS_ON,
    RULE,
    SELECTED_ON,
    SIGNED_ON,
    a_case,
    a_company,
    a_definition,
    a_round,
    a_top_up,
)

A_DAY = timedelta(days=1)
PLAN = Plan("JS1", 50_000_000)
RECEIPT = "JSF-2024-0001-54"


def refused(rule: str) -> Any:
    return pytest.raises(RuleBroken, match=f"^{rule}: ")


# Programmes


def test_each_publication_is_the_next_version() -> None:
    programme = Programme(id="jeonbuk-smart-factory")

    _, first = programmes.publish(programme, a_definition(), date(2024, 2, 1))
    row, second = programmes.publish(programme, a_definition(mentors=30), date(2024, 2, 1))

    assert (first.version, second.version, row.version, second.definition.mentors) == (1, 2, 2, 30)


def test_a_version_is_not_earlier_than_the_last() -> None:
    programme = Programme(id="jeonbuk-smart-factory", version=1, published_on=date(2024, 2, 1))

    with refused("version_order"):
        programmes.publish(programme, a_definition(), date(2024, 1, 31))

    assert programme.version == 1


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("municipality_unknown", {"municipalities": ["52110", "99999"]}),
        ("municipality_unknown", {"municipalities": ["52110", "52110"]}),
        ("ties_unknown", {"review": ReviewRule(criteria=CRITERIA, ties=["plan", "price"]).model_dump()}),
        ("max_support", {"funders": {"province": 41, "city": 40, "self": 19}}),
    ],
)
def test_a_definition_that_contradicts_itself_is_not_published(rule: str, changes: dict[str, Any]) -> None:
    programme = Programme(id="jeonbuk-smart-factory")

    with refused(rule):
        programmes.publish(programme, a_definition(**changes), date(2024, 2, 1))


def a_proposal(*codes: str) -> Proposal:
    names = dict.fromkeys(["name_ko", "name_en", "short_ko", "short_en", "office_ko", "office_en"], "-")
    fields: dict[str, Any] = {
        "programme_id": "chungnam-small-firm",
        "region": "44",
        "year": 2023,
        "funders": ["province", "city"],
        "executing_agency_ko": "충남테크노파크",
        "reason_ko": "의견 수렴",
        "municipalities": [{"code": code} for code in codes],
    }
    return Proposal.model_validate(names | fields)


def test_a_proposal_names_whom_it_asks() -> None:
    draft, proposed = programmes.propose(None, a_proposal("44130", "44150"), date(2022, 12, 12))

    assert proposed.proposal.municipalities[1].code == "44150"
    assert draft.proposal["municipalities"][0]["code"] == "44130"


def test_a_published_programme_is_not_proposed_again() -> None:
    with refused("programme_exists"):
        programmes.propose(Programme(id="chungnam-small-firm"), a_proposal(), date(2022, 12, 12))


def test_a_proposal_asks_known_municipalities_once() -> None:
    with refused("municipality_unknown"):
        programmes.propose(None, a_proposal("44130", "44130"), date(2022, 12, 12))


# Companies


def test_a_company_is_registered_under_the_code_of_that_day() -> None:
    given = companies.Registration(a_business_number(), "기업 B-001", "52130")

    _, registered = companies.register(given, date(2024, 1, 18))

    assert registered.municipality == "52130"
    with refused("municipality_unknown"):
        companies.register(given, date(2024, 1, 17))


def test_what_the_registry_says_is_told_once() -> None:
    company = a_company()

    suspended = companies.end(company, State.SUSPENDED, IN_WINDOW)
    again = companies.end(company, State.SUSPENDED, IN_WINDOW)
    closed = companies.end(company, State.CLOSED, IN_WINDOW)

    assert suspended is not None
    assert closed is not None
    assert (suspended.state, again, closed.state) == ("suspended", None, "closed")


def test_a_closed_business_is_not_suspended_afterwards() -> None:
    with refused("company_state"):
        companies.end(a_company(state=State.CLOSED), State.SUSPENDED, IN_WINDOW)


def test_a_company_acts_for_itself_only_and_an_officer_for_all() -> None:
    company = uuid4()

    companies.refuse_stranger(company, companies.acting_for(str(company), frozenset({"company"})))
    companies.refuse_stranger(company, companies.acting_for("officer-1", frozenset({"officer"})))
    with pytest.raises(NotAllowed, match="own_company"):
        companies.refuse_stranger(company, companies.acting_for(str(uuid4()), frozenset({"company"})))


def test_an_account_without_a_company_has_no_cases() -> None:
    with pytest.raises(NotAllowed, match="own_company"):
        companies.company_of("somebody")


# Rounds


def a_call(**changes: Any) -> rounds.Call:
    fields: dict[str, Any] = {
        "round_id": "jeonbuk-2024",
        "programme_id": "jeonbuk-smart-factory",
        "year": 2024,
        "name_ko": "2024년 공고",
        "opens_on": OPENS_ON,
        "closes_on": CLOSES_ON,
        "quota": {"JS1": 40, "JS2": 20},
    }
    return rounds.Call(**fields | changes)


def test_a_round_keeps_the_version_under_which_it_was_opened() -> None:
    row, opened = rounds.open_round(a_call(), 3, a_definition(), OPENS_ON)

    assert (row.version, opened.quota) == (3, {"JS1": 40, "JS2": 20})


@pytest.mark.parametrize(
    ("rule", "call", "definition"),
    [
        ("quota_tracks", {"quota": {"JS9": 1}}, {}),
        ("quota_tracks", {"quota": {"all": 1}}, {}),
        ("quota_tracks", {"quota": {}}, {}),
        ("quota_tracks", {"quota": {"JS1": 1}}, {"tracks": []}),
        ("round_window", {"closes_on": OPENS_ON - A_DAY}, {}),
        ("round_year", {"year": 2027}, {}),
        ("definition_incomplete", {}, {"review": None}),
        ("definition_incomplete", {}, {"funders": {}, "remainder_to": None, "max_support": None}),
    ],
)
def test_a_round_that_could_not_be_carried_out_is_not_opened(
    rule: str, call: dict[str, Any], definition: dict[str, Any]
) -> None:
    with refused(rule):
        rounds.open_round(a_call(**call), 1, a_definition(**definition), OPENS_ON)


def test_a_programme_of_past_results_has_no_rounds() -> None:
    history = a_definition(entry="history", funders={}, remainder_to=None, max_support=None)

    with refused("entry_history"):
        rounds.open_round(a_call(), 1, history, OPENS_ON)


def test_a_programme_without_tracks_counts_all_its_places_together() -> None:
    _, opened = rounds.open_round(a_call(quota={"all": 5}), 1, a_definition(tracks=[]), OPENS_ON)

    assert opened.quota == {"all": 5}


def test_a_top_up_round_may_leave_its_places_open() -> None:
    _, opened = rounds.open_round(a_call(quota={}), 1, a_top_up(), OPENS_ON)

    assert opened.quota == {}


def test_a_round_stays_open_to_its_last_day() -> None:
    row = a_round()

    with refused("round_window"):
        rounds.close(row, CLOSES_ON - A_DAY)
    closed = rounds.close(row, CLOSES_ON)

    assert (closed.round_id, row.status) == ("jeonbuk-2024", "closed")


@pytest.mark.parametrize("status", ["open", "decided"])
def test_only_a_closed_round_is_decided(status: str) -> None:
    with refused("round_status"):
        rounds.decide(a_round(status=status), SELECTED_ON)


def test_a_round_is_not_decided_within_its_window() -> None:
    with refused("round_window"):
        rounds.decide(a_round(status="closed"), CLOSES_ON - A_DAY)


def test_the_agency_agrees_once_a_round() -> None:
    row = a_round()

    agreed = rounds.agree(row, "전북테크노파크", IN_WINDOW)

    assert (agreed.agency_ko, row.agreed_on) == ("전북테크노파크", IN_WINDOW)
    with refused("round_agreed"):
        rounds.agree(row, "다른 기관", IN_WINDOW)


@pytest.mark.parametrize("on", [OPENS_ON - A_DAY, CLOSES_ON + A_DAY])
def test_the_window_is_kept_by_the_business_date(on: date) -> None:
    with refused("round_window"):
        rounds.refuse_outside_window(a_round(), on)


@pytest.mark.parametrize("on", [OPENS_ON, CLOSES_ON])
def test_a_paper_application_is_entered_late_until_the_selection(on: date) -> None:
    rounds.refuse_outside_window(a_round(status="closed"), on)

    with refused("round_decided"):
        rounds.refuse_outside_window(a_round(status="decided"), on)


# Cases


def submitted(
    definition: Definition | None = None, call: Round | None = None, plan: Plan = PLAN, **company: Any
) -> Any:
    return cases.submit(
        call or a_round(),
        definition or a_definition(),
        a_company(**company),
        plan,
        receipt_number=RECEIPT,
        on=IN_WINDOW,
    )


def test_an_application_asks_each_funder_for_its_exact_share() -> None:
    case, said = submitted(plan=Plan("JS1", 50_000_001))

    assert said.requested_krw == {"province": 20_000_000, "city": 20_000_000, "self": 10_000_001}
    assert (case.id, case.status, said.via) == (said.case_id, "submitted", "application")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("track_unknown", {"plan": Plan("JS9", 1_000_000)}),
        ("track_unknown", {"plan": Plan(None, 1_000_000)}),
        ("track_unknown", {"definition": a_definition(tracks=[]), "call": a_round(quota={"all": 1})}),
        ("track_not_called", {"call": a_round(quota={"JS2": 1})}),
        ("track_cap", {"plan": Plan("JS2", 100_000_003)}),
        ("total_needed", {"plan": Plan("JS1", 0)}),
        ("municipality", {"municipality": "52140"}),
        ("company_closed", {"state": State.CLOSED}),
        ("company_closed", {"state": State.SUSPENDED}),
    ],
)
def test_an_application_that_breaks_a_rule_is_refused_by_its_name(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        submitted(**changes)


def test_the_cap_limits_public_money_and_only_where_it_stands() -> None:
    at_the_cap, _ = submitted(plan=Plan("JS2", 100_000_000))
    without_cap, _ = submitted(plan=Plan("JS1", 900_000_000))

    assert (at_the_cap.track, without_cap.track) == ("JS2", "JS1")


def test_a_programme_that_names_no_municipality_takes_companies_from_all() -> None:
    case, _ = submitted(a_definition(municipalities=[]), municipality="47150")

    assert case.municipality == "47150"


def test_nobody_applies_where_the_ministry_selects() -> None:
    cases.refuse_top_up(a_definition())

    with refused("entry_top_up"):
        cases.refuse_top_up(a_top_up())


def test_an_ineligible_application_is_told_why() -> None:
    case = a_case()

    with refused("reasons_needed"):
        cases.screen(case, eligible=False, reasons=[], on=SELECTED_ON)
    _, screened = cases.screen(case, eligible=False, reasons=["이미 지원받음"], on=SELECTED_ON)

    assert (case.status, screened.reasons) == ("ineligible", ["이미 지원받음"])


def test_an_application_is_screened_once() -> None:
    case = a_case(status=Status.ELIGIBLE)

    with refused("case_status"):
        cases.screen(case, eligible=False, reasons=["사유"], on=SELECTED_ON)


def test_after_the_selection_a_company_gives_up_instead_of_withdrawing() -> None:
    before, after = a_case(status=Status.ELIGIBLE), a_case(status=Status.DECIDED)

    withdrawn = cases.withdraw(before, "경영 사정", SELECTED_ON)

    assert (before.status, withdrawn.reason) == ("withdrawn", "경영 사정")
    with refused("withdrawal_too_late"):
        cases.withdraw(after, "경영 사정", SELECTED_ON)


@pytest.mark.parametrize(
    "step",
    [
        lambda case, on: cases.screen(case, eligible=True, reasons=[], on=on),
        lambda case, on: cases.withdraw(case, "경영 사정", on),
    ],
)
def test_no_step_is_dated_before_the_application(step: Callable[[Any, date], Any]) -> None:
    with refused("before_its_cause"):
        step(a_case(), IN_WINDOW - A_DAY)


# Reviews


def reviewed(
    scores: dict[str, int], conflict: bool = False, status: str = "eligible", rule: Any = RULE
) -> Any:
    return reviews.submit(
        a_case(status=status), rule, "reviewer-1", scores, conflict_of_interest=conflict, on=SELECTED_ON
    )


def test_a_review_scores_every_criterion_up_to_its_limit() -> None:
    _, said = reviewed({"need": 30, "plan": 40, "effect": 0})

    assert (said.reviewer_id, said.scores["plan"]) == ("reviewer-1", 40)


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {"need": 1, "plan": 1},
        {"need": 1, "plan": 1, "effect": 1, "price": 1},
        {"need": 31, "plan": 1, "effect": 1},
        {"need": -1, "plan": 1, "effect": 1},
    ],
)
def test_a_review_with_other_criteria_or_beyond_their_limits_is_refused(scores: dict[str, int]) -> None:
    with refused("review_criteria"):
        reviewed(scores)


def test_a_programme_without_rules_of_review_takes_none() -> None:
    with refused("review_criteria"):
        reviewed({}, rule=None)


def test_a_conflict_of_interest_is_declared_without_scores() -> None:
    _, said = reviewed({}, conflict=True)

    assert (said.conflict_of_interest, said.scores) == (True, {})


@pytest.mark.parametrize("status", ["submitted", "ineligible", "withdrawn", "decided"])
def test_only_eligible_cases_are_reviewed_and_only_before_the_selection(status: str) -> None:
    with refused("review_out_of_turn"):
        reviewed({"need": 1, "plan": 1, "effect": 1}, status=status)


def test_a_reviewer_reviews_a_case_once() -> None:
    before, _ = reviewed({"need": 1, "plan": 1, "effect": 1})

    reviews.refuse_again(None)
    with refused("review_once"):
        reviews.refuse_again(before)


# Places


def a_place(status: Outcome = Outcome.SELECTED, **changes: Any) -> Place:
    fields: dict[str, Any] = {
        "case_id": uuid4(),
        "round_id": "jeonbuk-2024",
        "quota_key": "JS1",
        "status": status,
        "rank": 3,
        "score": "20",
        "reason": "예비 1번",
        "decided_on": SELECTED_ON,
    }
    return Place.model_validate(fields | changes)


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


# The ministry


def told(**changes: Any) -> MinistryCompanySelected:
    fields: dict[str, Any] = {
        "programme_id": "gimcheon-smart-factory",
        "round_id": "gimcheon-2022",
        "business_number": a_business_number(),
        "company_name_ko": "기업 A-001",
        "municipality": "47150",
        "total_krw": 100_000_000,
        "occurred_on": IN_WINDOW,
    }
    return MinistryCompanySelected.model_validate(fields | changes)


TOP_UP_ROUND = {"id": "gimcheon-2022", "programme_id": "gimcheon-smart-factory", "quota": {}}


def test_a_ministry_selection_opens_a_decided_case() -> None:
    case, said = cases.open_for_ministry(
        a_round(**TOP_UP_ROUND),
        a_top_up(),
        a_company(municipality="47150"),
        Plan(None, 100_000_000),
        receipt_number="GSF-2022-0001-61",
        on=IN_WINDOW,
    )

    assert (case.via, case.status, said.via) == ("ministry", "decided", "ministry")
    assert said.requested_krw[Funder.NATIONAL] == 50_000_000


@pytest.mark.parametrize(
    ("rule", "definition", "changes", "call"),
    [
        ("round_of_another_programme", a_top_up(), {"programme_id": "another"}, {}),
        ("entry_not_top_up", a_definition(), {}, {}),
        ("round_window", a_top_up(), {"occurred_on": OPENS_ON - A_DAY}, {}),
        ("round_window", a_top_up(), {"occurred_on": CLOSES_ON + A_DAY}, {"status": "closed"}),
    ],
)
def test_a_ministry_selection_must_fit_the_round(
    rule: str, definition: Definition, changes: dict[str, Any], call: dict[str, Any]
) -> None:
    with refused(rule):
        selection.refuse_unfit_selection(a_round(**TOP_UP_ROUND | call), definition, told(**changes))


def test_a_ministry_selection_comes_as_long_as_the_round_is_open() -> None:
    late = told(occurred_on=CLOSES_ON + A_DAY)

    selection.refuse_unfit_selection(a_round(**TOP_UP_ROUND), a_top_up(), late)


# Agreements

DEAL = agreements.Deal(50_000_000, SIGNED_ON, date(2025, 6, 30))


def signed(deal: agreements.Deal = DEAL, definition: Definition | None = None, on: date = SIGNED_ON) -> Any:
    return agreements.sign(a_case(), a_place(), definition or a_definition(), deal, on)


def test_an_agreement_is_split_to_the_won() -> None:
    _, said = signed()

    assert said.shares_krw == {"province": 20_000_000, "city": 20_000_000, "self": 10_000_000}
    assert (said.year, said.track, said.municipality) == (2024, "JS1", "52130")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("agreement_total", {"deal": agreements.Deal(50_000_001, SIGNED_ON, date(2025, 6, 30))}),
        ("agreement_total", {"deal": agreements.Deal(0, SIGNED_ON, date(2025, 6, 30))}),
        ("agreement_period", {"deal": agreements.Deal(50_000_000, SIGNED_ON, SIGNED_ON)}),
        ("before_its_cause", {"on": SELECTED_ON - A_DAY}),
    ],
)
def test_an_agreement_that_breaks_a_rule_is_refused_by_its_name(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        signed(**changes)


def test_public_support_never_exceeds_the_limit_by_a_single_won() -> None:
    remainder_to_the_city = a_definition(remainder_to="city")
    uneven = agreements.Deal(49_999_999, SIGNED_ON, date(2025, 6, 30))

    with refused("max_support"):
        signed(uneven, remainder_to_the_city)


def an_agreement() -> Agreement:
    row, _ = signed()
    assert isinstance(row, Agreement)
    return row


def test_an_agreement_is_signed_once() -> None:
    with refused("agreement_once"):
        agreements.refuse_again(an_agreement())


def test_giving_up_says_at_which_stage_and_ends_the_agreement() -> None:
    agreement = an_agreement()

    _, before = agreements.abandon(a_case(), None, "경영 사정", SIGNED_ON)
    _, after = agreements.abandon(a_case(), agreement, "경영 사정", SIGNED_ON)

    assert (before.stage, after.stage) == ("before_agreement", "after_agreement")
    assert agreement.status == AgreementStatus.ENDED


# Past results


def a_record(**changes: Any) -> LegacyCaseRecorded:
    fields: dict[str, Any] = {
        "record_id": "GC-2019-01",
        "programme_id": "gimcheon-smart-factory",
        "company_name_ko": "기업 L-001",
        "municipality": "47150",
        "year_from": 2019,
        "year_to": 2019,
        "status": "completed",
        "amounts_krw": {"national": 50_000_000, "city": 20_000_000},
        "occurred_on": date(2019, 12, 31),
    }
    return LegacyCaseRecorded.model_validate(fields | changes)


def test_a_past_result_keeps_its_amounts_by_funder() -> None:
    row, said = records.record(a_top_up(), "legacy", a_record())

    assert said.amounts_krw == {"national": 50_000_000, "city": 20_000_000}
    assert (said.case_id, said.system, row.recorded_on) == (row.id, "legacy", date(2019, 12, 31))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("record_years", {"year_from": 2020}),
        ("record_years", {"year_to": 2020}),
        ("municipality_unknown", {"municipality": "99999"}),
        ("track_unknown", {"track": "JS1"}),
    ],
)
def test_a_past_result_that_cannot_be_is_refused(rule: str, changes: dict[str, Any]) -> None:
    with refused(rule):
        records.record(a_top_up(), "legacy", a_record(**changes))


def test_a_past_result_may_know_no_more_than_the_region() -> None:
    _, said = records.record(a_top_up(region="44"), "legacy", a_record(municipality="44"))

    assert said.municipality == "44"


def test_a_record_told_again_must_say_the_same() -> None:
    before, _ = records.record(a_top_up(), "legacy", a_record())
    same, _ = records.record(a_top_up(), "legacy", a_record())
    other, _ = records.record(a_top_up(), "legacy", a_record(amounts_krw={"city": 1}))

    records.refuse_other_content(before, same)
    with refused("record_contradicts"):
        records.refuse_other_content(before, other)
