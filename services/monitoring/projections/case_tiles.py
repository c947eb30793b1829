"""Cases counted by the dates on which their state changes: a count as of a day is a sum of tiles up to it.

What a case is (applied, holds a place, completed …) begins and ends on dates of its row: one more on the day it
begins, one less on the day it ends. The rule for each state is that of `figures/queries.py:ON_THE_DAY`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.projections.projection import State
from shared.projections.rollups import Added, Rollup

ABOUT_TO_DAYS = 30
"""A case is about to complete when its last milestone is due within 0 to 30 days, both inclusive."""

NEVER = "9999-12-31"
Span = tuple[str, str]
"""From a date up to another one, which is not in it any more; dates are ISO text."""


class CaseTile(Table, table=True):
    """By years, track and whether another system recorded it. `track` is empty where there is none.

    `agreed` and the companies' own shares (won) stand by the year of the agreement; all other counts at year 0.
    """

    __tablename__ = "case_tile"

    programme_id: str = Field(primary_key=True)
    year_from: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    year_to: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    track: str = Field(primary_key=True)
    recorded: bool = Field(primary_key=True)
    agreed_year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    occurred_on: date = Field(primary_key=True)
    applied: int
    reserved: int
    selected: int
    agreed: int
    abandoned: int
    completed: int
    about_to: int
    own_krw: int = Field(sa_type=BigInteger)


class PlaceTile(Table, table=True):
    """Cases in rounds by municipality."""

    __tablename__ = "place_tile"

    programme_id: str = Field(primary_key=True)
    municipality: str = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    applied: int
    selected: int
    finished: int


class AgreementTile(Table, table=True):
    """Agreements of a round's year that hold, by their first and last day."""

    __tablename__ = "agreement_tile"

    programme_id: str = Field(primary_key=True)
    year_from: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    starts_on: date = Field(primary_key=True)
    ends_on: date = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    agreed: int


class Dates(NamedTuple):
    """What the state of a case depends on: columns of its row."""

    applied_on: str | None
    recorded_on: str | None
    reserved_on: str | None
    selected_on: str | None
    withdrawn_on: str | None
    lost_on: str | None
    agreed_on: str | None
    completed_on: str | None
    final_due_on: str | None
    record_status: str | None


dates_of = itemgetter(*Dates._fields)
COUNTED = (
    *Dates._fields,
    *(
        "programme_id",
        "round_id",
        "year_from",
        "year_to",
        "track",
        "municipality",
        "self_krw",
        "starts_on",
        "ends_on",
    ),
)
"""The columns that the tiles look at."""

COUNTS = ("applied", "reserved", "selected", "agreed", "abandoned", "completed", "about_to")
APPLIED, RESERVED, SELECTED, AGREED, ABANDONED, COMPLETED, ABOUT_TO = range(len(COUNTS))
Change = tuple[int, ...]
"""How much each of COUNTS changes."""


STEPS = "steps"  # beside a row's columns


class Steps(NamedTuple):
    """What a case adds on which date, for each table of tiles; without what is zero. `agreed`: by 1 or -1."""

    case: Sequence[tuple[str, Change]]
    agreed: Sequence[tuple[str, int]]
    place: Sequence[tuple[str, Change]]


@lru_cache(maxsize=50_000)
def steps(dates: tuple[str | None, ...]) -> Steps:
    """On which dates the case becomes what. Cases of a round share their dates: most are known already."""
    changes: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for count, spans in enumerate(life(Dates(*dates))):
        for first, after in spans:
            changes[first][count] += 1
            changes[after][count] -= 1
    changes.pop(NEVER, None)
    case = [(on, (*change[:AGREED], 0, *change[AGREED + 1 :], 0)) for on, change in changes.items()]
    place = [
        (on, (change[APPLIED], change[SELECTED], change[COMPLETED] + change[ABOUT_TO]))
        for on, change in changes.items()
    ]
    return Steps(
        [(on, change) for on, change in case if any(change)],
        [(on, change[AGREED]) for on, change in changes.items() if change[AGREED]],
        [(on, change) for on, change in place if any(change)],
    )


def life(case: Dates) -> Sequence[Sequence[Span]]:
    """When the case is each of COUNTS. Selected: it holds a place."""
    known = min(case.applied_on or NEVER, case.recorded_on or NEVER)
    waits_until = min(case.selected_on or NEVER, case.withdrawn_on or NEVER, case.lost_on or NEVER)
    done = "" if case.record_status == "completed" else case.completed_on or NEVER
    held = held_of(case)
    return (
        span(case.applied_on or NEVER, NEVER),
        span(max(case.reserved_on or NEVER, known), waits_until),
        held,
        within(held, case.agreed_on or NEVER, NEVER),
        span(max(case.lost_on or NEVER, known), NEVER),
        within(held, done, NEVER),
        about_to(held, case.final_due_on, done),
    )


def held_of(case: Dates) -> Sequence[Span]:
    """From the selection until the place is lost; a record of another system holds from its date on."""
    held = span(case.selected_on or NEVER, case.lost_on or NEVER)
    if case.recorded_on is None:
        return held
    return (*within(held, "", case.recorded_on), (case.recorded_on, NEVER))


def about_to(held: Sequence[Span], due_on: str | None, done: str) -> Sequence[Span]:
    if due_on is None:
        return ()
    due = date.fromisoformat(due_on)
    first, after = due - timedelta(ABOUT_TO_DAYS), due + timedelta(1)
    return within(held, first.isoformat(), min(after.isoformat(), done))


def span(first: str, after: str) -> Sequence[Span]:
    return ((first, after),) if first < after else ()


def within(spans: Sequence[Span], first: str, after: str) -> Sequence[Span]:
    """The parts of spans that lie between the two dates."""
    return tuple(part for one in spans for part in span(max(one[0], first), min(one[1], after)))


def with_steps(case: State) -> State:
    """All three tables look at the same steps: they are looked up once."""
    return case | {STEPS: steps(dates_of(case))}


# What a case, with its steps, adds to each table.


def case_tiles(case: State) -> Added:
    if case["programme_id"] is None:
        return {}
    recorded, found = case["round_id"] is None, case[STEPS]
    key = (case["programme_id"], case["year_from"], case["year_to"], case["track"] or "", recorded)
    tiles = {(*key, 0, on): change for on, change in found.case}
    if found.agreed:
        year, krw = int((case["agreed_on"] or "0")[:4]), case["self_krw"] or 0
        for on, sign in found.agreed:
            tiles[*key, year, on] = (0, 0, 0, sign, 0, 0, 0, sign * krw)
    return tiles


def place_tiles(case: State) -> Added:
    if case["programme_id"] is None or case["round_id"] is None:
        return {}
    programme, place = case["programme_id"], case["municipality"] or ""
    return {(programme, place, on): change for on, change in case[STEPS].place}


def agreement_tiles(case: State) -> Added:
    if case["programme_id"] is None or case["round_id"] is None or case["starts_on"] is None:
        return {}
    key = (case["programme_id"], case["year_from"], case["starts_on"], case["ends_on"])
    return {(*key, on): (sign,) for on, sign in case[STEPS].agreed}


TILES = (
    Rollup("case_tile", CaseTile, case_tiles),
    Rollup("place_tile", PlaceTile, place_tiles),
    Rollup("agreement_tile", AgreementTile, agreement_tiles),
)
