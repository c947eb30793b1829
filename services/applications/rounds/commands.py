"""Use cases of rounds: load, decide, save, emit. The caller commits."""

from datetime import date

from shared.database.keyed_rows import Lock
from sqlalchemy.ext.asyncio import AsyncSession

from services.applications.programmes import queries as programmes
from services.applications.programmes.commands import lock
from services.applications.rounds import domain, queries
from services.applications.rounds.models import Round
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.errors import RuleBroken
from shared.messaging.outbox import emit


async def open_round(session: AsyncSession, announcement: domain.Announcement, on: date) -> None:
    if await lock(session, announcement.programme_id) is None:
        raise programmes.not_found(announcement.programme_id)
    await _refuse_existing(session, announcement.round_id)
    published = await programmes.definition_in_force(session, announcement.programme_id, on)
    if published is None:
        raise RuleBroken(
            "not_in_force",
            ko=f"사업 {announcement.programme_id}은(는) {on}에 아직 공표되지 않았습니다. 업무일을 확인하세요.",
            en=f"Programme {announcement.programme_id} was not published yet on {on}. Check the business date.",
        )
    round, opened = domain.open_round(announcement, published.version, published.definition, on)
    session.add(round)
    await emit(session, opened)


async def close(session: AsyncSession, round_id: str, on: date) -> None:
    await emit(session, domain.close(await load(session, round_id), on))


async def agree(session: AsyncSession, round_id: str, agency_ko: str, on: date) -> None:
    await emit(session, domain.agree(await load(session, round_id), agency_ko, on))


async def load(session: AsyncSession, round_id: str) -> Round:
    """Load a round and lock it: the round or its awards change; NotFound for an unknown one."""
    round = await find_locked(session, round_id)
    if round is None:
        raise queries.not_found(round_id)
    return round


async def find_locked(session: AsyncSession, round_id: str) -> Round | None:
    return await session.get(Round, round_id, with_for_update=True)


async def find_for_application(session: Executor, round_id: str) -> Round | None:
    """Find a round with a shared lock: it is not closed or decided meanwhile, and others may apply."""
    return await keyed_rows.find(session, Round, round_id, lock=Lock.SHARE)


async def _refuse_existing(session: AsyncSession, round_id: str) -> None:
    if await session.get(Round, round_id) is not None:
        raise RuleBroken(
            "round_known",
            ko=f"공고 {round_id}은(는) 이미 있습니다. 다른 번호로 내세요.",
            en=f"There is a round {round_id} already. Choose another id.",
        )
