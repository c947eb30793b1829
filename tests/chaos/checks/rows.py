"""The one row, or the one set of postings, that an accepted command leaves in its service's own tables."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from tests.chaos.history import Operation
from tools.audit.evidence import Evidence

Values = tuple[str, ...]


def _case(operation: Operation) -> str:
    return operation.path.split("/")[2]


def _number(operation: Operation) -> str:
    return operation.path.split("/")[4]


# Table, its columns, and the values that the operation must have left in them.
ROWS: Mapping[str, tuple[str, Values, Callable[[Operation], tuple[Any, ...]]]] = {
    "programmes": (
        "programme_version",
        ("programme_id", "version"),
        lambda operation: (operation.result["programme_id"], operation.result["version"]),
    ),
    "rounds": ("round", ("id",), lambda operation: (operation.body["round_id"],)),
    "companies": ("company", ("id",), lambda operation: (operation.result["company_id"],)),
    "applications": (
        "case",
        ("id", "total_krw"),
        lambda operation: (operation.result["case_id"], operation.body["total_krw"]),
    ),
    "cases/screening": ("screening", ("case_id",), lambda operation: (_case(operation),)),
    "cases/reviews": (
        "review",
        ("case_id", "reviewer_id"),
        lambda operation: (_case(operation), operation.actor),
    ),
    "cases/agreement": (
        "agreement",
        ("case_id", "total_krw"),
        lambda operation: (_case(operation), operation.body["total_krw"]),
    ),
    "cases/abandonment": ("abandonment", ("case_id",), lambda operation: (_case(operation),)),
    "cases/instruction": (
        "payment",
        ("payment_id", "case_id", "number", "amount_krw"),
        lambda operation: (
            operation.result["payment_id"],
            _case(operation),
            _number(operation),
            operation.result["amount_krw"],
        ),
    ),
    "cases/mentors": (
        "mentor_assignment",
        ("case_id", "mentor_id"),
        lambda operation: (_case(operation), operation.body["mentor_id"]),
    ),
    "cases/visits": (
        "mentor_visit",
        ("case_id", "mentor_id", "visited_on"),
        lambda operation: (_case(operation), operation.body["mentor_id"], operation.body["occurred_on"]),
    ),
    "pledges/progress": (
        "pledge_progress",
        ("pledge_id", "reported_on"),
        lambda operation: (operation.result["pledge_id"], operation.body["occurred_on"]),
    ),
    "recipients": ("recipient", ("company_id",), lambda operation: (operation.result["company_id"],)),
}

POSTINGS: Mapping[str, str] = {
    "budgets": "budget.allocated",
    "cases/approval": "tranche.approved",
    "cases/self-contribution": "self_contribution.confirmed",
}


async def missing_rows(
    evidence: Evidence, operations: Sequence[Operation], accepted: Sequence[Operation]
) -> list[str]:
    """Return what is not there once: rows and posting sets of the accepted operations."""
    rows = [line async for line in _missing(evidence, accepted)]
    return [*rows, *[line async for line in _other_postings(evidence, operations, accepted)]]


async def _missing(evidence: Evidence, accepted: Sequence[Operation]) -> AsyncIterator[str]:
    counts: dict[tuple[str, str, Values], Counter[Values]] = {}
    for operation in accepted:
        if operation.what not in ROWS:
            continue
        table, columns, expected = ROWS[operation.what]
        at = (operation.service, table, columns)
        if at not in counts:
            rows = await evidence.database.rows(
                f'select {", ".join(columns)} from {operation.service}."{table}"'
            )
            counts[at] = Counter(tuple(map(str, tuple(row))) for row in rows)
        values = tuple(map(str, expected(operation)))
        if (count := counts[at][values]) != 1:
            yield f"{operation.what} {operation.key}: {count} rows of {' '.join(values)} in {table} instead of one"


async def _other_postings(
    evidence: Evidence, operations: Sequence[Operation], accepted: Sequence[Operation]
) -> AsyncIterator[str]:
    """Money that moved because of the command itself, by the set of postings."""
    sets: dict[tuple[str, str], int] = {
        (str(row["caused_by"]), row["reason"]): row["sets"]
        for row in await evidence.database.rows(POSTING_SETS)
    }
    by_key: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for operation in operations:
        by_key[operation.service, operation.actor, operation.key].add(operation.id)
    for operation in accepted:
        if operation.what in POSTINGS:
            ids = by_key[operation.service, operation.actor, operation.key]
            count = sum(sets.get((id, POSTINGS[operation.what]), 0) for id in ids)
            if count != 1:
                yield f"{operation.what} {operation.key}: {count} sets of postings instead of one"


POSTING_SETS = "select caused_by, reason, count(distinct set_id) as sets from funding.posting group by 1, 2"
