"""What can be asked of the selection: load, decide, save, emit. The caller commits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.applications.awards import commands as places
from services.applications.awards.domain import give, refuse_full
from services.applications.awards.models import Outcome
from services.applications.cases import commands as cases
from services.applications.cases.domain import move
from services.applications.cases.models import Case, Status
from services.applications.companies import commands as companies
from services.applications.companies.domain import Registration
from services.applications.programmes import queries as programmes
from services.applications.reviews import queries as reviews
from services.applications.rounds import commands as rounds
from services.applications.rounds import queries as round_queries
from services.applications.rounds.domain import decide as decide_round
from services.applications.rounds.domain import key_of
from services.applications.selection import domain
from shared.events.external import MinistryCompanySelected
from shared.messaging.outbox import emit


async def select(session: AsyncSession, round_id: str, on: date) -> Counter[Outcome]:
    """Decide a whole round at once; how many were selected, reserved and rejected."""
    call = await rounds.load(session, round_id)
    decide_round(call, on)
    terms = await programmes.definition(session, call.programme_id, call.version)
    running = {case.id: case for case in await cases.load_round(session, round_id)}
    rule = domain.ready(list(running.values()), terms.review)
    candidates = await _candidates(session, round_id, list(running.values()))
    decisions = domain.decide(candidates, rule, call.quota)
    await _carry_out(session, running, decisions, on)
    return Counter(decision.outcome for decision in decisions)


async def select_by_ministry(session: AsyncSession, told: MinistryCompanySelected) -> None:
    """The ministry has selected a company: its top-up case opens, with a place, by itself."""
    if await programmes.newest(session, told.programme_id) is None:
        raise programmes.not_yet(told.programme_id)
    call = await rounds.find_locked(session, told.round_id)
    if call is None:
        raise round_queries.not_yet(told.round_id)
    terms = await programmes.definition(session, call.programme_id, call.version)
    domain.refuse_unfit_selection(call, terms, told)
    refuse_full(call, await places.taken(session, call.id))
    given = Registration(told.business_number, told.company_name_ko, told.municipality)
    company = await companies.known_or_registered(session, given, told.occurred_on)
    case = await cases.open_for_ministry(session, call, terms, company, told.total_krw, on=told.occurred_on)
    place, selected = give(case, Outcome.SELECTED, domain.MINISTRY_REASON, told.occurred_on)
    session.add(place)
    await emit(session, selected)


async def _candidates(
    session: AsyncSession, round_id: str, running: Sequence[Case]
) -> list[domain.Candidate]:
    """In three reads, however many they are."""
    reviewed = await reviews.of_round(session, round_id)
    screened = await cases.screenings(session, round_id)
    applied = await companies.of(session, [case.company_id for case in running])
    return [
        domain.Candidate(
            case_id=case.id,
            receipt_number=case.receipt_number,
            business_number=applied[case.company_id].business_number,
            quota_key=key_of(case.track),
            reviews=[
                domain.Scorecard(one.scores, one.conflict_of_interest) for one in reviewed.get(case.id, [])
            ],
            barred=domain.barred(applied[case.company_id].state, screened[case.id]),
        )
        for case in running
    ]


async def _carry_out(
    session: AsyncSession, running: Mapping[UUID, Case], decisions: Sequence[domain.Decision], on: date
) -> None:
    said = []
    for one in decisions:
        case = running[one.case_id]
        move(case, to=Status.DECIDED)
        ranked = {} if one.rank is None else {"rank": one.rank, "score": str(one.score)}
        place, event = give(case, one.outcome, one.reason, on, **ranked)
        session.add(place)
        said.append(event)
    await emit(session, *said)
