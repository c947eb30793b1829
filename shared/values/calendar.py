"""The business clock: the day it is in Seoul, or the date that the installation is pinned to."""

import os
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from shared.errors import RuleBroken

SEOUL = ZoneInfo("Asia/Seoul")
PIN = "IEUM_BUSINESS_DATE"


def pinned() -> date | None:
    """The date that the business clock stands still at (a scenario of the past), if it does."""
    given = os.environ.get(PIN)
    return date.fromisoformat(given) if given else None


def today() -> date:
    return pinned() or datetime.now(SEOUL).date()


def now() -> datetime:
    """When something is recorded: real time, whatever the business clock says."""
    return datetime.now(UTC)


def refuse_future(occurred_on: date) -> None:
    if occurred_on > today():
        raise RuleBroken(
            "future_date",
            ko=f"업무일 {occurred_on}은 오늘({today()}) 뒤입니다. 오늘이나 그 전 날짜로 다시 보내세요.",
            en=f"The business date {occurred_on} is after today ({today()}). Send today's date or an earlier one.",
        )


def fiscal_year(on: date) -> int:
    """The fiscal year of local governments is the calendar year (지방재정법 제6조)."""
    return on.year


def add_months(start: date, months: int) -> date:
    """The same day some months later, or that month's last day (민법 제160조)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


@cache
def _holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("KR", years=year)


def is_business_day(on: date) -> bool:
    return on.weekday() < 5 and on not in _holidays(on.year)


def next_business_day(on: date) -> date:
    """A deadline that falls on a holiday ends on the next business day (민법 제161조)."""
    while not is_business_day(on):
        on += timedelta(days=1)
    return on
