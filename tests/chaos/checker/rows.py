"""The one row, or the one set of postings, that an accepted command leaves in its service's own tables."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.checker.evidence import Evidence
from tests.chaos.history import Operation

Values = tuple[str, ...]


def _case(one: Operation) -> str:
    return one.path.split("/")[2]


def _number(one: Operation) -> str:
    return one.path.split("/")[4]


# Table, its columns, and what the operation says must stand in them.
LEAVES: Mapping[str, tuple[str, Values, Callable[[Operation], tuple[Any, ...]]]] = {
    "programmes": (
        "programme_version",
        ("programme_id", "version"),
        lambda one: (one.result["programme_id"], one.result["version"]),
    ),
    "rounds": ("round", ("id",), lambda one: (one.body["round_id"],)),
    "companies": ("company", ("id",), lambda one: (one.result["company_id"],)),
    "applications": ("case", ("id", "total_krw"), lambda one: (one.result["case_id"], one.body["total_krw"])),
    "cases/screening": ("screening", ("case_id",), lambda one: (_case(one),)),
    "cases/reviews": ("review", ("case_id", "reviewer_id"), lambda one: (_case(one), one.actor)),
    "cases/agreement": (
        "agreement",
        ("case_id", "total_krw"),
        lambda one: (_case(one), one.body["total_krw"]),
    ),
    "cases/abandonment": ("abandonment", ("case_id",), lambda one: (_case(one),)),
    "cases/instruction": (
        "payment",
        ("payment_id", "case_id", "number", "amount_krw"),
        lambda one: (one.result["payment_id"], _case(one), _number(one), one.result["amount_krw"]),
    ),
    "cases/mentors": (
        "mentor_assignment",
        ("case_id", "mentor_id"),
        lambda one: (_case(one), one.body["mentor_id"]),
    ),
    "cases/visits": (
        "mentor_visit",
        ("case_id", "mentor_id", "visited_on"),
        lambda one: (_case(one), one.body["mentor_id"], one.body["occurred_on"]),
    ),
    "pledges/progress": (
        "pledge_progress",
        ("pledge_id", "reported_on"),
        lambda one: (one.result["pledge_id"], one.body["occurred_on"]),
    ),
    "recipients": ("recipient", ("company_id",), lambda one: (one.result["company_id"],)),
}

POSTS: Mapping[str, str] = {
    "budgets": "budget.allocated",
    "cases/approval": "tranche.approved",
    "cases/self-contribution": "self_contribution.confirmed",
}


def missing_rows(evidence: Evidence, accepted: Sequence[Operation]) -> Iterator[str]:
    yield from _missing(evidence, accepted)
    yield from _posted_otherwise(evidence, accepted)


def _missing(evidence: Evidence, accepted: Sequence[Operation]) -> Iterator[str]:
    counts: dict[tuple[str, str, Values], Counter[Values]] = {}
    for one in accepted:
        if one.what not in LEAVES:
            continue
        table, columns, wanted = LEAVES[one.what]
        at = (one.service, table, columns)
        if at not in counts:
            rows = evidence.rows(one.service, table)
            counts[at] = Counter(tuple(str(row[name]) for name in columns) for row in rows)
        values = tuple(map(str, wanted(one)))
        if (found := counts[at][values]) != 1:
            yield f"{one.what} {one.key}: {found} rows of {' '.join(values)} in {table} instead of one"


def _posted_otherwise(evidence: Evidence, accepted: Sequence[Operation]) -> Iterator[str]:
    """Money that moved because of the command itself, by the set of postings."""
    sets: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for row in evidence.rows("funding", "posting"):
        sets[str(row["caused_by"]), row["reason"]].add(row["set_id"])
    by_key: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in evidence.commands:
        by_key[one.service, one.actor, one.key].add(one.id)
    for one in accepted:
        if one.what in POSTS:
            ids = by_key[one.service, one.actor, one.key]
            found = sum(len(sets[id, POSTS[one.what]]) for id in ids)
            if found != 1:
                yield f"{one.what} {one.key}: {found} sets of postings instead of one"
