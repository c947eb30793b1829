"""Daily rollups of cases: a count as of a day is the sum of the rollup's rows up to it.

Each count of a case (case_states.py) is one more on the day it begins to hold, one less on the day it ends.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.monitoring.projections.case_states import COUNTS, NEVER
from services.monitoring.schema import Table
from shared.projections.projection import State
from shared.projections.rollups import Contributions, Rollup


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


DATES = (
    "applied_on",
    "recorded_on",
    "reserved_on",
    "selected_on",
    "withdrawn_on",
    "relinquished_on",
    "agreed_on",
    "completed_on",
    "final_due_on",
    "record_status",
)
"""The columns of a case's row that decide its counts."""

dates_of = itemgetter(*DATES)
ROLLUP_INPUTS = (
    *DATES,
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

APPLIED, SELECTED, AGREED, COMPLETED, ABOUT_TO = (
    list(COUNTS).index(name) for name in ("applied", "selected", "agreed", "completed", "about_to")
)
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
    case = dict(zip(DATES, dates, strict=True))
    for count, condition in enumerate(COUNTS.values()):
        for first, after in condition.intervals(case):
            deltas[first][count] += 1
            deltas[after][count] -= 1
    deltas.pop(NEVER, None)
    by_case = [(on, (*delta[:AGREED], 0, *delta[AGREED + 1 :], 0)) for on, delta in deltas.items()]
    municipality = [
        (on, (delta[APPLIED], delta[SELECTED], delta[COMPLETED] + delta[ABOUT_TO]))
        for on, delta in deltas.items()
    ]
    return Transitions(
        [(on, delta) for on, delta in by_case if any(delta)],
        [(on, delta[AGREED]) for on, delta in deltas.items() if delta[AGREED]],
        [(on, delta) for on, delta in municipality if any(delta)],
    )


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
