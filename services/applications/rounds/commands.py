"""Use cases of rounds: load, decide, save, emit. The caller commits."""

from datetime import date

from services.applications.programmes import queries as programmes
from services.applications.programmes.models import Programme
from services.applications.rounds import domain, queries
from services.applications.rounds.models import Round
from shared.database.transaction import Lock, Transaction
from shared.errors import RuleBroken
from shared.messaging.outbox import emit


async def open_round(transaction: Transaction, announcement: domain.Announcement, on: date) -> None:
    if await transaction.find(Programme, announcement.programme_id, lock=Lock.UPDATE) is None:
        raise programmes.not_found(announcement.programme_id)
    await _refuse_existing(transaction, announcement.round_id)
    published = await programmes.newest_definition(transaction, announcement.programme_id, until=on)
    if published is None:
        raise RuleBroken(
            "not_in_force",
            ko=f"사업 {announcement.programme_id}은(는) {on}에 아직 공표되지 않았습니다. 업무일을 확인하세요.",
            en=f"Programme {announcement.programme_id} was not published yet on {on}. Check the business date.",
        )
    round, opened = domain.open_round(announcement, published.version, published.definition, on)
    await transaction.insert(round)
    await emit(transaction, opened)


async def close(transaction: Transaction, round_id: str, on: date) -> None:
    round = await load(transaction, round_id)
    closed = domain.close(round, on)
    await transaction.update(round)
    await emit(transaction, closed)


async def agree(transaction: Transaction, round_id: str, agency_ko: str, on: date) -> None:
    round = await load(transaction, round_id)
    agreed = domain.agree(round, agency_ko, on)
    await transaction.update(round)
    await emit(transaction, agreed)


async def load(transaction: Transaction, round_id: str, lock: Lock = Lock.UPDATE) -> Round:
    """Load a round with a lock; NotFound for an unknown one.

    A shared lock keeps it from being closed or decided meanwhile, while others may apply.
    """
    round = await transaction.find(Round, round_id, lock=lock)
    if round is None:
        raise queries.not_found(round_id)
    return round


async def _refuse_existing(transaction: Transaction, round_id: str) -> None:
    if await transaction.find(Round, round_id) is not None:
        raise RuleBroken(
            "round_known",
            ko=f"공고 {round_id}은(는) 이미 있습니다. 다른 번호로 내세요.",
            en=f"There is a round {round_id} already. Choose another id.",
        )
