"""Daily rollups of cases: a count as of a day is the sum of the rollup's rows up to it.

Each state of a case (applied, holds an award, completed …) begins and ends on dates of its row: one more on the
day it begins, one less on the day it ends. The rule for each state is that of `figures/queries.py:ON_THE_DAY`.
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
from shared.projections.rollups import Contributions, Rollup

ABOUT_TO_DAYS = 30
"""A case is about to be completed when its last milestone is due within 0 to 30 days, both inclusive."""

NEVER = "9999-12-31"
Interval = tuple[str, str]
"""First day and the day after the last one; dates are ISO text."""


class CaseRollup(Table, table=True):
    """Counts of cases by years, track and whether another system recorded them. `track` is empty where there is none.

    `agreed` and the companies' self-contributions (won) count in the year of the agreement; all other counts in year 0.
    """

    __tablename__ = "case_rollup"

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
    self_krw: int = Field(sa_type=BigInteger)


class MunicipalityRollup(Table, table=True):
    """Counts of the cases of rounds by municipality."""

    __tablename__ = "municipality_rollup"

    programme_id: str = Field(primary_key=True)
    municipality: str = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    applied: int
    selected: int
    finished: int


class AgreementRollup(Table, table=True):
    """Counts of agreements in force by a round's year and by their first and last day."""

    __tablename__ = "agreement_rollup"

    programme_id: str = Field(primary_key=True)
    year_from: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    starts_on: date = Field(primary_key=True)
    ends_on: date = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    agreed: int


class CaseDates(NamedTuple):
    """Columns of a case's row that decide its states."""

    applied_on: str | None
    recorded_on: str | None
    reserved_on: str | None
    selected_on: str | None
    withdrawn_on: str | None
    relinquished_on: str | None
    agreed_on: str | None
    completed_on: str | None
    final_due_on: str | None
    record_status: str | None


dates_of = itemgetter(*CaseDates._fields)
ROLLUP_INPUTS = (
    *CaseDates._fields,
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
"""The columns that the rollups depend on."""

COUNTS = ("applied", "reserved", "selected", "agreed", "abandoned", "completed", "about_to")
APPLIED, RESERVED, SELECTED, AGREED, ABANDONED, COMPLETED, ABOUT_TO = range(len(COUNTS))
Deltas = tuple[int, ...]
"""How much each of COUNTS changes."""


TRANSITIONS = "transitions"  # beside a row's columns


class Transitions(NamedTuple):
    """Changes of a case's counts by date, for each rollup table, without zeros. `agreement`: by 1 or -1."""

    case: Sequence[tuple[str, Deltas]]
    agreement: Sequence[tuple[str, int]]
    municipality: Sequence[tuple[str, Deltas]]


@lru_cache(maxsize=50_000)
def transitions(dates: tuple[str | None, ...]) -> Transitions:
    """Return the changes of a case's counts, cached: cases of a round share their dates."""
    deltas: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for count, intervals in enumerate(state_intervals(CaseDates(*dates))):
        for first, after in intervals:
            deltas[first][count] += 1
            deltas[after][count] -= 1
    deltas.pop(NEVER, None)
    case = [(on, (*delta[:AGREED], 0, *delta[AGREED + 1 :], 0)) for on, delta in deltas.items()]
    municipality = [
        (on, (delta[APPLIED], delta[SELECTED], delta[COMPLETED] + delta[ABOUT_TO]))
        for on, delta in deltas.items()
    ]
    return Transitions(
        [(on, delta) for on, delta in case if any(delta)],
        [(on, delta[AGREED]) for on, delta in deltas.items() if delta[AGREED]],
        [(on, delta) for on, delta in municipality if any(delta)],
    )


def state_intervals(case: CaseDates) -> Sequence[Sequence[Interval]]:
    """Return the intervals in which the case is in each state of COUNTS. Selected: it holds an award."""
    exists_from = min(case.applied_on or NEVER, case.recorded_on or NEVER)
    reserved_until = min(case.selected_on or NEVER, case.withdrawn_on or NEVER, case.relinquished_on or NEVER)
    completed_from = "" if case.record_status == "completed" else case.completed_on or NEVER
    award = award_intervals(case)
    return (
        interval(case.applied_on or NEVER, NEVER),
        interval(max(case.reserved_on or NEVER, exists_from), reserved_until),
        award,
        clip(award, case.agreed_on or NEVER, NEVER),
        interval(max(case.relinquished_on or NEVER, exists_from), NEVER),
        clip(award, completed_from, NEVER),
        about_to(award, case.final_due_on, completed_from),
    )


def award_intervals(case: CaseDates) -> Sequence[Interval]:
    """Return the intervals in which the case holds an award; a recorded case holds it from its date on."""
    award = interval(case.selected_on or NEVER, case.relinquished_on or NEVER)
    if case.recorded_on is None:
        return award
    return (*clip(award, "", case.recorded_on), (case.recorded_on, NEVER))


def about_to(award: Sequence[Interval], due_on: str | None, completed_from: str) -> Sequence[Interval]:
    if due_on is None:
        return ()
    due = date.fromisoformat(due_on)
    first, after = due - timedelta(ABOUT_TO_DAYS), due + timedelta(1)
    return clip(award, first.isoformat(), min(after.isoformat(), completed_from))


def interval(first: str, after: str) -> Sequence[Interval]:
    """Return the interval as a sequence of one, or of none where it is empty."""
    return ((first, after),) if first < after else ()


def clip(intervals: Sequence[Interval], first: str, after: str) -> Sequence[Interval]:
    """Return the parts of the intervals that lie between the two dates."""
    return tuple(part for start, end in intervals for part in interval(max(start, first), min(end, after)))


def with_transitions(case: State) -> State:
    """Return the row with its transitions: all three rollups use them, and they are looked up once."""
    return case | {TRANSITIONS: transitions(dates_of(case))}


# Contributions of a case, with its transitions, to each rollup.


def case_contributions(case: State) -> Contributions:
    if case["programme_id"] is None:
        return {}
    recorded, changes = case["round_id"] is None, case[TRANSITIONS]
    key = (case["programme_id"], case["year_from"], case["year_to"], case["track"] or "", recorded)
    amounts = {(*key, 0, on): deltas for on, deltas in changes.case}
    if changes.agreement:
        year, krw = int((case["agreed_on"] or "0")[:4]), case["self_krw"] or 0
        for on, sign in changes.agreement:
            amounts[*key, year, on] = (0, 0, 0, sign, 0, 0, 0, sign * krw)
    return amounts


def municipality_contributions(case: State) -> Contributions:
    if case["programme_id"] is None or case["round_id"] is None:
        return {}
    programme, municipality = case["programme_id"], case["municipality"] or ""
    return {(programme, municipality, on): deltas for on, deltas in case[TRANSITIONS].municipality}


def agreement_contributions(case: State) -> Contributions:
    if case["programme_id"] is None or case["round_id"] is None or case["starts_on"] is None:
        return {}
    key = (case["programme_id"], case["year_from"], case["starts_on"], case["ends_on"])
    return {(*key, on): (sign,) for on, sign in case[TRANSITIONS].agreement}


ROLLUPS = (
    Rollup("case_rollup", CaseRollup, case_contributions),
    Rollup("municipality_rollup", MunicipalityRollup, municipality_contributions),
    Rollup("agreement_rollup", AgreementRollup, agreement_contributions),
)
