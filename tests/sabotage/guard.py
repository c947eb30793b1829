"""A guard: what it prevents, how it is removed, and the tests that must notice."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tests.sabotage.removals import Removal


@dataclass(frozen=True)
class Guard:
    name: str
    prevents: str
    removal: Removal
    tests: tuple[str, ...]
    kafka: bool = False


def guard(name: str, prevents: str, removal: Removal, *tests: str, kafka: bool = False) -> Guard:
    """`prevents` in Korean and English; `tests` are few and quick, and each must go red, with one of its parameters
    where none is named; `kafka` where they need the real one."""
    return Guard(name, prevents, removal, tests, kafka)


def in_its_own_transaction(original: Any) -> Any:
    """The same work, committed by itself before its caller commits, and also where that one fails."""

    async def alone(session: AsyncSession, *given: Any) -> Any:
        async with AsyncSession(session.bind, expire_on_commit=False) as other, other.begin():
            return await original(other, *given)

    return alone
