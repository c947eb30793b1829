"""Calendar arithmetic: fiscal years, months, Korean holidays and business days."""

from calendar import monthrange
from datetime import date, timedelta
from functools import cache

import holidays


def fiscal_year(on: date) -> int:
    """Return the fiscal year of local governments, which is the calendar year (지방재정법 제6조)."""
    return on.year


def add_months(start: date, months: int) -> date:
    """Return the same day some months later, or that month's last day (민법 제160조)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


@cache
def _holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("KR", years=year)


def is_business_day(on: date) -> bool:
    """Return whether the date is neither a weekend nor a Korean public holiday."""
    return on.weekday() < 5 and on not in _holidays(on.year)


def next_business_day(on: date) -> date:
    """Return the date itself or the next business day: a deadline on a holiday ends then (민법 제161조)."""
    while not is_business_day(on):
        on += timedelta(days=1)
    return on
