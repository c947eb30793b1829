"""Commands of milestones: schedule, report, achieve, close, and announce deadlines."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.monitoring.cases import commands as cases
from services.monitoring.cases.domain import require_agreement
from services.monitoring.cases.models import CaseCopy
from services.monitoring.milestones import domain
from services.monitoring.milestones.domain import DUE_SOON, MISSED, Deadline
from services.monitoring.milestones.models import Milestone, Notice, Status
from services.monitoring.programmes.queries import definition_of
from shared.errors import Forbidden, NotFound
from shared.messaging.outbox import emit

FIRST_NOTICE = timedelta(days=max(domain.DAYS_LEFT))
OPEN = (Status.SCHEDULED, Status.MISSED, Status.REPORTED)


async def schedule(session: AsyncSession, case: CaseCopy, version: int, on: date) -> None:
    """Schedule all milestones of the definition's version from the day of the agreement."""
    definition = await definition_of(session, case.programme_id, version)
    scheduled = [domain.schedule(case, rule, on) for rule in definition.milestones]
    session.add_all(milestone for milestone, _ in scheduled)
    await emit(session, *(event for _, event in scheduled))


async def report(
    session: AsyncSession, case_id: UUID, key: str, evidence: str, *, on: date, company: UUID | None = None
) -> Milestone:
    """Take a report; `company` is the calling company, if one calls. Raises Forbidden for another company's case."""
    milestone = await load(session, case_id, key, on)
    if company is not None and company != milestone.company_id:
        raise Forbidden(
            "own_case_only",
            ko="다른 기업의 과제입니다. 우리 기업의 과제 번호를 확인하세요.",
            en="This is another company's case. Check the id of your own.",
        )
    await emit(session, domain.report(milestone, evidence, on))
    return milestone


async def achieve(session: AsyncSession, case_id: UUID, key: str, evidence: str, on: date) -> Milestone:
    milestone = await load(session, case_id, key, on)
    await emit(session, domain.achieve(milestone, evidence, on))
    return milestone


async def close(session: AsyncSession, case_id: UUID) -> None:
    """Close all open milestones of an abandoned case."""
    for milestone in await session.scalars(select(Milestone).filter_by(case_id=case_id).with_for_update()):
        domain.close(milestone)


async def load(session: AsyncSession, case_id: UUID, key: str, on: date) -> Milestone:
    """Return the milestone, locked. Raises PrerequisiteMissing, RuleBroken (no agreement), NotFound."""
    require_agreement(await cases.load(session, case_id), on)
    milestone = await session.get(Milestone, (case_id, key), with_for_update=True)
    if milestone is None:
        keys = await session.scalars(select(Milestone.key).filter_by(case_id=case_id).order_by("due_on"))
        known = ", ".join(keys)
        raise NotFound(
            "milestone_unknown",
            ko=f"이 과제에 이정표 {key}이(가) 없습니다. 다음 가운데 고르세요: {known}",
            en=f"This case has no milestone {key}. Pick one of: {known}",
        )
    return milestone


async def run_deadlines(session: AsyncSession, up_to: date) -> dict[str, int]:
    """Announce every deadline whose day has come, each once for its due date, however often this runs.

    Return how many were announced: {due_soon, missed}.
    """
    milestones = await open_milestones(session, up_to)
    announced = await already_announced(session, up_to)
    kinds: Counter[str] = Counter()
    for milestone in milestones:
        for deadline in domain.deadlines(milestone, up_to):
            if (milestone.case_id, milestone.key, milestone.due_on, deadline.kind) not in announced:
                await announce(session, milestone, deadline)
                kinds[MISSED if deadline.kind == MISSED else DUE_SOON] += 1
    return {DUE_SOON: kinds[DUE_SOON], MISSED: kinds[MISSED]}


async def announce(session: AsyncSession, milestone: Milestone, deadline: Deadline) -> None:
    """Store the notice and emit the event; the notice's key prevents a second one even without a lock."""
    session.add(
        Notice(
            case_id=milestone.case_id,
            key=milestone.key,
            due_on=milestone.due_on,
            kind=deadline.kind,
            occurred_on=deadline.on,
        )
    )
    await emit(session, domain.announce(milestone, deadline))


async def open_milestones(session: AsyncSession, up_to: date) -> list[Milestone]:
    """Return open milestones, locked in key order: a second run waits, then sees the first run's notices."""
    query = (
        select(Milestone)
        .where(*is_open(up_to))
        .order_by(col(Milestone.case_id), col(Milestone.key))
        .with_for_update()
    )
    return list(await session.scalars(query))


async def already_announced(session: AsyncSession, up_to: date) -> set[tuple[UUID, str, date, str]]:
    same_milestone = (col(Notice.case_id) == col(Milestone.case_id), col(Notice.key) == col(Milestone.key))
    notices = select(Notice).join(Milestone, and_(*same_milestone)).where(*is_open(up_to))
    return {
        (notice.case_id, notice.key, notice.due_on, notice.kind) for notice in await session.scalars(notices)
    }


def is_open(up_to: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Milestone.status).in_(OPEN), col(Milestone.due_on) <= up_to + FIRST_NOTICE
