"""What can be asked about rounds: load, decide, save, emit. The caller commits."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.applications.programmes import queries as programmes
from services.applications.programmes.commands import lock
from services.applications.rounds import domain, queries
from services.applications.rounds.models import Round
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.database.keyed_rows import Lock
from shared.errors import RuleBroken
from shared.messaging.outbox import emit


async def open_round(session: AsyncSession, call: domain.Call, on: date) -> None:
    if await lock(session, call.programme_id) is None:
        raise programmes.unknown(call.programme_id)
    await _refuse_known(session, call.round_id)
    terms = await programmes.terms_on(session, call.programme_id, on)
    if terms is None:
        raise RuleBroken(
            "not_in_force",
            ko=f"사업 {call.programme_id}은(는) {on}에 아직 공표되지 않았습니다. 업무일을 확인하세요.",
            en=f"Programme {call.programme_id} was not published yet on {on}. Check the business date.",
        )
    row, opened = domain.open_round(call, terms.version, terms.definition, on)
    session.add(row)
    await emit(session, opened)


async def close(session: AsyncSession, round_id: str, on: date) -> None:
    await emit(session, domain.close(await load(session, round_id), on))


async def agree(session: AsyncSession, round_id: str, agency_ko: str, on: date) -> None:
    await emit(session, domain.agree(await load(session, round_id), agency_ko, on))


async def load(session: AsyncSession, round_id: str) -> Round:
    """Locked: it changes, or the places in it do."""
    row = await find_locked(session, round_id)
    if row is None:
        raise queries.unknown(round_id)
    return row


async def find_locked(session: AsyncSession, round_id: str) -> Round | None:
    return await session.get(Round, round_id, with_for_update=True)


async def find(session: Executor, round_id: str) -> Round | None:
    """Locked against being closed or decided meanwhile, not against another application."""
    return await keyed_rows.find(session, Round, round_id, lock=Lock.SHARE)


async def _refuse_known(session: AsyncSession, round_id: str) -> None:
    if await session.get(Round, round_id) is not None:
        raise RuleBroken(
            "round_known",
            ko=f"공고 {round_id}은(는) 이미 있습니다. 다른 번호로 내세요.",
            en=f"There is a round {round_id} already. Choose another id.",
        )
