"""Commands of milestones: schedule, report, achieve, close, and announce deadlines."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import and_, bindparam, text
from sqlmodel import col, select

from services.monitoring.cases import queries as cases
from services.monitoring.cases.domain import agreement_missing, require_agreement
from services.monitoring.milestones import domain
from services.monitoring.milestones.domain import DUE_SOON, MISSED, Deadline
from services.monitoring.milestones.models import OPEN, Milestone, Notice
from services.monitoring.milestones.queries import OF_CASE
from services.monitoring.programmes.queries import definition_of
from shared.database.transaction import Lock, Query, Transaction
from shared.errors import Forbidden, NotFound
from shared.messaging.outbox import emit

FIRST_NOTICE = timedelta(days=max(domain.DAYS_LEFT))

IS_OPEN = (text(OPEN), col(Milestone.due_on) <= bindparam("last_due_on"))
# Locked in key order: a second run of the deadlines waits, then sees the first run's notices.
OPEN_MILESTONES = Query(
    select(Milestone).where(*IS_OPEN).order_by(col(Milestone.case_id), col(Milestone.key)).with_for_update()
)
NOTICES = Query(
    select(Notice)
    .join(
        Milestone, and_(col(Notice.case_id) == col(Milestone.case_id), col(Notice.key) == col(Milestone.key))
    )
    .where(*IS_OPEN)
)
TO_CLOSE = Query(
    select(Milestone)
    .where(text(OPEN), col(Milestone.case_id) == bindparam("case_id"))
    .order_by(col(Milestone.key))
    .with_for_update()
)


async def schedule(transaction: Transaction, case_id: UUID, version: int, on: date) -> None:
    """Schedule all milestones of the definition's version from the day of the agreement. Raises PrerequisiteMissing."""
    case = await cases.load(transaction, case_id)
    definition = await definition_of(transaction, case.programme_id, version)
    scheduled = [domain.schedule(case, rule, on) for rule in definition.milestones]
    await transaction.insert(*(milestone for milestone, _ in scheduled))
    await emit(transaction, *(event for _, event in scheduled))


async def report(
    transaction: Transaction, case_id: UUID, key: str, evidence: str, *, on: date, company: UUID | None = None
) -> Milestone:
    """Take a report; `company` is the calling company, if one calls. Raises Forbidden for another company's case."""
    milestone = await load(transaction, case_id, key, on)
    if company is not None and company != milestone.company_id:
        raise Forbidden(
            "own_case_only",
            ko="다른 기업의 과제입니다. 우리 기업의 과제 번호를 확인하세요.",
            en="This is another company's case. Check the id of your own.",
        )
    event = domain.report(milestone, evidence, on)
    await transaction.update(milestone)
    await emit(transaction, event)
    return milestone


async def achieve(transaction: Transaction, case_id: UUID, key: str, evidence: str, on: date) -> Milestone:
    milestone = await load(transaction, case_id, key, on)
    event = domain.achieve(milestone, evidence, on)
    await transaction.update(milestone)
    await emit(transaction, event)
    return milestone


async def close(transaction: Transaction, case_id: UUID) -> None:
    """Close all open milestones of an abandoned case. Raises PrerequisiteMissing while the case has not been folded."""
    await cases.load(transaction, case_id)
    for milestone in await transaction.all(TO_CLOSE, case_id=case_id):
        domain.close(milestone)
        await transaction.update(milestone)


async def load(transaction: Transaction, case_id: UUID, key: str, on: date) -> Milestone:
    """Return the milestone, locked. Raises PrerequisiteMissing, RuleBroken (no agreement), NotFound."""
    require_agreement(await cases.load(transaction, case_id), on)
    milestone = await transaction.find(Milestone, case_id, key, lock=Lock.UPDATE)
    if milestone is not None:
        return milestone
    known = ", ".join(other.key for other in await transaction.all(OF_CASE, case_id=case_id))
    if not known:
        raise agreement_missing()  # folded, and its milestones not yet scheduled
    raise NotFound(
        "milestone_unknown",
        ko=f"이 과제에 이정표 {key}이(가) 없습니다. 다음 가운데 고르세요: {known}",
        en=f"This case has no milestone {key}. Pick one of: {known}",
    )


async def run_deadlines(transaction: Transaction, up_to: date) -> dict[str, int]:
    """Announce every deadline whose day has come, each once for its due date, however often this runs.

    Return how many were announced: {due_soon, missed}.
    """
    milestones = await transaction.all(OPEN_MILESTONES, last_due_on=up_to + FIRST_NOTICE)
    announced = await already_announced(transaction, up_to)
    kinds: Counter[str] = Counter()
    for milestone in milestones:
        for deadline in domain.deadlines(milestone, up_to):
            if (milestone.case_id, milestone.key, milestone.due_on, deadline.kind) not in announced:
                await announce(transaction, milestone, deadline)
                kinds[MISSED if deadline.kind == MISSED else DUE_SOON] += 1
    return {DUE_SOON: kinds[DUE_SOON], MISSED: kinds[MISSED]}


async def announce(transaction: Transaction, milestone: Milestone, deadline: Deadline) -> None:
    """Store the notice and emit the event; the notice's key prevents a second one even without a lock."""
    notice = Notice(
        case_id=milestone.case_id,
        key=milestone.key,
        due_on=milestone.due_on,
        kind=deadline.kind,
        occurred_on=deadline.on,
    )
    event = domain.announce(milestone, deadline)
    await transaction.insert(notice)
    await transaction.update(milestone)
    await emit(transaction, event)


async def already_announced(transaction: Transaction, up_to: date) -> set[tuple[UUID, str, date, str]]:
    notices = await transaction.all(NOTICES, last_due_on=up_to + FIRST_NOTICE)
    return {(notice.case_id, notice.key, notice.due_on, notice.kind) for notice in notices}
