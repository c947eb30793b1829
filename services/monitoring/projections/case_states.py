"""The states of a case on a business day: one table, from which SQL, intervals, counts and statuses are made.

A condition compares the dates of a case's row with the day. It is compiled twice: to SQL over `case_row c`, for lists
and proofs, and to the intervals of days on which it holds, for the daily rollups. A missing date has not come.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

NEVER = "9999-12-31"
ALWAYS = ""
Interval = tuple[str, str]
"""First day and the day after the last one; dates are ISO text."""

ABOUT_TO_DAYS = 30
"""A case is about to be completed when its last milestone is due within 0 to 30 days, both inclusive."""


class Condition(ABC):
    """Condition that is true of a case on some days; combined by `&`, `|` and `~`."""

    @abstractmethod
    def sql(self, day: str) -> str:
        """Return the condition on `case_row c` as SQL, never null; `day` is the SQL of the day."""

    @abstractmethod
    def intervals(self, case: MutableMapping[Any, Any]) -> Sequence[Interval]:
        """Return the days on which it holds, in order and disjoint; `case` also remembers what was worked out."""

    def __and__(self, other: "Condition") -> "Condition":
        return Both(self, other)

    def __or__(self, other: "Condition") -> "Condition":
        return Either(self, other)

    def __invert__(self) -> "Condition":
        return Negation(self)


@dataclass(frozen=True)
class Since(Condition):
    """True from the date in the column on."""

    column: str

    def sql(self, day: str) -> str:
        return f"coalesce(c.{self.column} <= {day}, false)"

    def intervals(self, case: MutableMapping[Any, Any]) -> Sequence[Interval]:
        return ((case[self.column], NEVER),) if case[self.column] else ()


@dataclass(frozen=True)
class DueWithin(Condition):
    """The date in the column is 0 to `days` days ahead."""

    column: str
    days: int

    def sql(self, day: str) -> str:
        return f"coalesce(c.{self.column} between {day} and {day} + {self.days}, false)"

    def intervals(self, case: MutableMapping[Any, Any]) -> Sequence[Interval]:
        if not case[self.column]:
            return ()
        due = date.fromisoformat(case[self.column])
        return (((due - timedelta(self.days)).isoformat(), (due + timedelta(1)).isoformat()),)


@dataclass(frozen=True)
class Equals(Condition):
    """The column has the value, whatever the day."""

    column: str
    value: str | bool

    def sql(self, day: str) -> str:
        value = f"'{self.value}'" if isinstance(self.value, str) else str(self.value).lower()
        return f"coalesce(c.{self.column} = {value}, false)"

    def intervals(self, case: MutableMapping[Any, Any]) -> Sequence[Interval]:
        return ((ALWAYS, NEVER),) if case[self.column] == self.value else ()


@dataclass(frozen=True, eq=False)
class Both(Condition):
    left: Condition
    right: Condition

    def sql(self, day: str) -> str:
        return f"({self.left.sql(day)} and {self.right.sql(day)})"

    def intervals(self, case: MutableMapping[Any, Any]) -> Sequence[Interval]:
        if (known := case.get(self)) is None:
            left = self.left.intervals(case)
            known = case[self] = overlap(left, self.right.intervals(case)) if left else ()
        return known


@dataclass(frozen=True, eq=False)
class Either(Condition):
    left: Condition
    right: Condition

    def sql(self, day: str) -> str:
        return f"({self.left.sql(day)} or {self.right.sql(day)})"

    def intervals(self, case: MutableMapping[Any, Any]) -> Sequence[Interval]:
        if (known := case.get(self)) is None:
            left, right = self.left.intervals(case), self.right.intervals(case)
            known = case[self] = union(left, right) if left and right else left or right
        return known


@dataclass(frozen=True, eq=False)
class Negation(Condition):
    condition: Condition

    def sql(self, day: str) -> str:
        return f"not {self.condition.sql(day)}"

    def intervals(self, case: MutableMapping[Any, Any]) -> Sequence[Interval]:
        if (known := case.get(self)) is None:
            known = case[self] = complement(self.condition.intervals(case))
        return known

    def __invert__(self) -> Condition:
        return self.condition


def overlap(left: Sequence[Interval], right: Sequence[Interval]) -> Sequence[Interval]:
    """Return the days that are in both."""
    return tuple(
        (first, after)
        for start, end in left
        for other_start, other_end in right
        if (first := max(start, other_start)) < (after := min(end, other_end))
    )


def union(left: Sequence[Interval], right: Sequence[Interval]) -> Sequence[Interval]:
    """Return the days that are in any."""
    return complement(overlap(complement(left), complement(right)))


def complement(intervals: Sequence[Interval]) -> Sequence[Interval]:
    """Return the days that are in none."""
    if not intervals:
        return ((ALWAYS, NEVER),)
    starts = (ALWAYS, *(after for _, after in intervals))
    ends = (*(first for first, _ in intervals), NEVER)
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if start < end)


APPLIED, RECORDED = Since("applied_on"), Since("recorded_on")
EXISTS = APPLIED | RECORDED
RELINQUISHED = Since("relinquished_on")
HOLDS_AWARD = RECORDED | (Since("selected_on") & ~RELINQUISHED)
RESERVED = EXISTS & Since("reserved_on") & ~Since("selected_on") & ~Since("withdrawn_on") & ~RELINQUISHED
ABANDONED = EXISTS & RELINQUISHED
AGREED = HOLDS_AWARD & Since("agreed_on")
COMPLETED = HOLDS_AWARD & (Since("completed_on") | Equals("record_status", "completed"))
IN_PROGRESS = HOLDS_AWARD & ~COMPLETED
ABOUT_TO_COMPLETE = IN_PROGRESS & DueWithin("final_due_on", ABOUT_TO_DAYS)

COUNTS: Mapping[str, Condition] = {
    "applied": APPLIED,
    "reserved": RESERVED,
    "selected": HOLDS_AWARD,
    "agreed": AGREED,
    "abandoned": ABANDONED,
    "completed": COMPLETED,
    "about_to": ABOUT_TO_COMPLETE,
}
"""Counts of cases: `selected` hold an award (relinquished ones do not, promoted reserves do), and so do all after it
but `abandoned`."""

CaseStatus = Literal[
    "applied",
    "screened",
    "ineligible",
    "reserved",
    "rejected",
    "selected",
    "agreed",
    "in_progress",
    "completed",
    "abandoned",
    "withdrawn",
    "recorded",
]
STATUSES: Sequence[tuple[CaseStatus, Condition]] = (
    ("recorded", RECORDED),
    ("abandoned", RELINQUISHED),
    ("withdrawn", Since("withdrawn_on")),
    ("completed", Since("completed_on")),
    ("in_progress", Since("agreed_on") & Since("starts_on")),
    ("agreed", Since("agreed_on")),
    ("selected", Since("selected_on")),
    ("reserved", Since("reserved_on")),
    ("rejected", Since("rejected_on")),
    ("screened", Since("screened_on") & Equals("eligible", True)),
    ("ineligible", Since("screened_on")),
    ("applied", EXISTS),
)
"""The status shown of a case is the first that holds."""


def status_sql(day: str) -> str:
    """Return the status on the day as an SQL expression over `case_row c`."""
    cases = " ".join(f"when {condition.sql(day)} then '{status}'" for status, condition in STATUSES)
    return f"case {cases} end"
