"""Join two streams that are both ordered by case id, a case at a time."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from tools.audit.evidence import Event

Rows = Sequence[Any]
Events = Sequence[Event]

BY_CASE = 'order by case_id::text collate "C"'  # as the store orders its text


async def by_case(rows: AsyncIterator[Any]) -> AsyncIterator[tuple[str, Rows]]:
    """Group rows that are ordered BY_CASE."""
    case_id, group = "", list[Any]()
    async for row in rows:
        if str(row["case_id"]) != case_id and group:
            yield case_id, group
            group = []
        case_id = str(row["case_id"])
        group.append(row)
    if group:
        yield case_id, group


async def outer_join(
    cases: Iterator[tuple[str, Events]], rows: AsyncIterator[tuple[str, Rows]]
) -> AsyncIterator[tuple[str, Events, Rows]]:
    """Yield each case with its events and its rows; either may be empty, not both."""
    case, row = next(cases, None), await anext(rows, None)
    while case is not None or row is not None:
        if row is None or (case is not None and case[0] < row[0]):
            assert case is not None
            yield *case, ()
            case = next(cases, None)
        elif case is None or row[0] < case[0]:
            yield row[0], (), row[1]
            row = await anext(rows, None)
        else:
            yield *case, row[1]
            case, row = next(cases, None), await anext(rows, None)
