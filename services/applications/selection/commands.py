"""Use cases of the selection: load, decide, save, emit. The caller commits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from services.applications.awards import commands as awards
from services.applications.awards.domain import award, refuse_beyond_quota
from services.applications.awards.models import Outcome
from services.applications.cases import commands as cases
from services.applications.cases.domain import transition
from services.applications.cases.models import Case, Status
from services.applications.companies import commands as companies
from services.applications.companies.domain import Registration
from services.applications.programmes import queries as programmes
from services.applications.reviews import queries as reviews
from services.applications.rounds import commands as rounds
from services.applications.rounds import queries as round_queries
from services.applications.rounds.domain import decide as decide_round
from services.applications.rounds.domain import quota_key
from services.applications.rounds.models import Round
from services.applications.selection import domain
from shared.database.transaction import Lock, Transaction
from shared.events.external import MinistryCompanySelected
from shared.messaging.outbox import emit


async def select(transaction: Transaction, round_id: str, on: date) -> Counter[Outcome]:
    """Decide a whole round at once; return the number of cases by outcome."""
    round = await rounds.load(transaction, round_id)
    decide_round(round, on)
    definition = await programmes.definition(transaction, round.programme_id, round.version)
    remaining = {case.id: case for case in await cases.load_in_round(transaction, round_id)}
    rule = domain.require_ready(list(remaining.values()), definition.review)
    candidates = await _candidates(transaction, round_id, list(remaining.values()))
    decisions = domain.decide(candidates, rule, round.quota)
    await transaction.update(round)
    await _save_decisions(transaction, remaining, decisions, on)
    return Counter(decision.outcome for decision in decisions)


async def select_by_ministry(transaction: Transaction, event: MinistryCompanySelected) -> None:
    """Open a top-up case with an award for a company that the ministry selected.

    PrerequisiteMissing while the programme or the round is unknown, RuleBroken where the round does not fit or is full.
    """
    if await programmes.newest_definition(transaction, event.programme_id) is None:
        raise programmes.prerequisite_missing(event.programme_id)
    round = await transaction.find(Round, event.round_id, lock=Lock.UPDATE)
    if round is None:
        raise round_queries.prerequisite_missing(event.round_id)
    definition = await programmes.definition(transaction, round.programme_id, round.version)
    domain.refuse_mismatched_selection(round, definition, event)
    refuse_beyond_quota(round, await awards.count_selected(transaction, round.id))
    registration = Registration(event.business_number, event.company_name_ko, event.municipality)
    company = await companies.find_or_register(transaction, registration, event.occurred_on)
    case = await cases.open_for_ministry(transaction, round, company, event.total_krw, event.occurred_on)
    row, selected = award(case, Outcome.SELECTED, event.occurred_on)
    await transaction.insert(row)
    await emit(transaction, selected)


async def _candidates(
    transaction: Transaction, round_id: str, remaining: Sequence[Case]
) -> list[domain.Candidate]:
    """Gather the ranking's inputs in three queries, however many cases there are."""
    reviews_by_case = await reviews.by_case_in_round(transaction, round_id)
    screenings = await cases.screenings_in_round(transaction, round_id)
    applicants = await companies.find_all(transaction, [case.company_id for case in remaining])
    return [
        domain.Candidate(
            case_id=case.id,
            receipt_number=case.receipt_number,
            business_number=applicants[case.company_id].business_number,
            quota_key=quota_key(case.track),
            reviews=[
                domain.Scorecard(review.scores, review.conflict_of_interest)
                for review in reviews_by_case.get(case.id, [])
            ],
            exclusion=domain.exclusion(applicants[case.company_id].state, screenings[case.id]),
        )
        for case in remaining
    ]


async def _save_decisions(
    transaction: Transaction, remaining: Mapping[UUID, Case], decisions: Sequence[domain.Decision], on: date
) -> None:
    events = []
    for decision in decisions:
        case = remaining[decision.case_id]
        transition(case, to=Status.DECIDED)
        row, event = award(case, decision.outcome, on, **domain.grounds(decision))
        await transaction.update(case)
        await transaction.insert(row)
        events.append(event)
    await emit(transaction, *events)
