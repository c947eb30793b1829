"""The business clock: the date and time in Asia/Seoul that every rule of the business reads.

    IEUM_BUSINESS_CLOCK_FILE  the clock stands at the moment in this file (ISO 8601), and moves when the file is replaced:
                              the demo's player advances it in date order
    IEUM_BUSINESS_DATE        the clock stands at noon of this date
    neither                   the real time

Times at which something is recorded or sent are real: `utc_now`.
"""

import os
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from shared.errors import RuleBroken

SEOUL = ZoneInfo("Asia/Seoul")
FILE = "IEUM_BUSINESS_CLOCK_FILE"
DATE = "IEUM_BUSINESS_DATE"


class ClockUnreadable(OSError, ValueError):
    """The clock file holds no moment, or cannot be read: an outage, which passes when the file is replaced."""


def now() -> datetime:
    """Return the business clock's moment, in Asia/Seoul. Raises ValueError where its setting cannot be read."""
    return pinned() or datetime.now(SEOUL)


def today() -> date:
    """Return the business clock's date."""
    return now().date()


def pinned() -> datetime | None:
    """Return the moment at which the clock stands, None where it runs with real time."""
    if file := os.environ.get(FILE):
        return _read_version(Path(file), *_version(Path(file)))
    given = os.environ.get(DATE)
    return datetime.combine(date.fromisoformat(given), time(12), SEOUL) if given else None


def read_file(file: Path) -> datetime:
    """Return the moment in a clock file, in Asia/Seoul. Raises ValueError where the file holds none."""
    try:
        moment = datetime.fromisoformat(file.read_text(encoding="utf-8").strip())
        return moment.astimezone(SEOUL) if moment.tzinfo else moment.replace(tzinfo=SEOUL)
    except (OSError, ValueError, OverflowError) as error:
        raise _unreadable(file, error) from error


@lru_cache(maxsize=1)
def _read_version(file: Path, inode: int, modified: int) -> datetime:
    """Read the clock file once per version of it: it is replaced, never written in place."""
    return read_file(file)


def _version(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from error
    return status.st_ino, status.st_mtime_ns


def _unreadable(file: Path, error: Exception) -> ClockUnreadable:
    return ClockUnreadable(f"{FILE}: {file} must hold a moment such as 2025-01-20T10:00:00+09:00 ({error})")


def utc_now() -> datetime:
    """Return the real time in UTC: when something is recorded or sent, whatever the business clock shows."""
    return datetime.now(UTC)


def refuse_future(occurred_on: date) -> None:
    """Raise RuleBroken for a business date after today."""
    if occurred_on > today():
        raise RuleBroken(
            "future_date",
            ko=f"업무일 {occurred_on}은 오늘({today()}) 뒤입니다. 오늘이나 그 전 날짜로 다시 보내세요.",
            en=f"The business date {occurred_on} is after today ({today()}). Send today's date or an earlier one.",
        )
