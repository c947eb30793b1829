"""Formatting of numbers, money and dates: exact integers, rounded half up, unknown as –."""

from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from shared.web.ui.values import Lang, Unit, YearRange

SEOUL = ZoneInfo("Asia/Seoul")
UNKNOWN_TEXT = "–"
MINUS = "−"
WEEKDAYS = {"ko": "월화수목금토일", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
UNIT_NAMES = {1: ("원", "KRW"), 1_000: ("천원", "KRW thousand"), 1_000_000: ("백만원", "KRW million")}


def nearest(part: int, whole: int) -> int:
    """Round part / whole to the nearest integer, half away from zero, without floats; `whole` is positive."""
    size = (2 * abs(part) + whole) // (2 * whole)
    return size if part >= 0 else -size


def count(value: int | None) -> str:
    """Format 1234 as 1,234; negative with a minus sign; unknown as –."""
    if value is None:
        return UNKNOWN_TEXT
    return f"{MINUS if value < 0 else ''}{abs(value):,}"


def won(value: int | None, unit: Unit) -> str:
    """Format won in the unit, rounded half up: 16000000000 in million won as 16,000."""
    return UNKNOWN_TEXT if value is None else count(nearest(value, unit))


def exact_won(value: int | None, lang: Lang) -> str:
    """Format exact won, as for single payments: 74,972,000원."""
    if value is None:
        return UNKNOWN_TEXT
    return f"{count(value)}원" if lang == "ko" else f"KRW {count(value)}"


def unit_name(unit: Unit, lang: Lang) -> str:
    return UNIT_NAMES[unit][lang == "en"]


def percent(part: int | None, whole: int | None, digits: int = 0) -> str:
    """Format part / whole as `27.8 %`, half up; – where either is unknown or whole is 0."""
    if part is None or not whole:
        return UNKNOWN_TEXT
    return f"{_decimal(part * 100, whole, digits)} %"


def points(part: int, whole: int, stated_percent: int) -> tuple[int, str]:
    """Return the difference of a computed percentage from the stated one: (sign, `10.0%p`)."""
    difference = part * 100 - stated_percent * whole
    tenths = nearest(difference * 10, whole)
    return (tenths > 0) - (tenths < 0), f"{_decimal(abs(difference), whole, 1)}%p"


def ratio(part: int | None, whole: int | None) -> str:
    """Format a competition rate: 176 for 70 as `2.5 : 1`."""
    if part is None or not whole:
        return UNKNOWN_TEXT
    return f"{_decimal(part, whole, 1)} : 1"


def score(text: str | None) -> str:
    """Format an exact fraction such as 250/3 as `83.33`, half up."""
    return UNKNOWN_TEXT if text is None else _decimal(*Fraction(text).as_integer_ratio(), 2)


def _decimal(part: int, whole: int, digits: int) -> str:
    scaled = nearest(part * 10**digits, whole)
    sign, size = (MINUS if scaled < 0 else ""), abs(scaled)
    if digits == 0:
        return f"{sign}{size:,}"
    return f"{sign}{size // 10**digits:,}.{size % 10**digits:0{digits}}"


def weekday(day: date, lang: Lang) -> str:
    return WEEKDAYS[lang][day.weekday()]


def full_date(day: date | None, lang: Lang) -> str:
    """Format a date with its weekday: 2025-01-20 (월)."""
    return UNKNOWN_TEXT if day is None else f"{day.isoformat()} ({weekday(day, lang)})"


def date_in_sentence(day: date, lang: Lang) -> str:
    """Format a date within a sentence: 7월 8일; 8 July."""
    return f"{day.month}월 {day.day}일" if lang == "ko" else f"{day.day} {day:%B}"


def time_of_day(instant: datetime) -> str:
    """Format the time of day in Seoul: 09:05."""
    return f"{instant.astimezone(SEOUL):%H:%M}"


def recorded(instant: datetime) -> str:
    """Format the time of recording in Seoul: 2022-05-30 09:05."""
    return f"{instant.astimezone(SEOUL):%Y-%m-%d %H:%M}"


def days_left(due_on: date, as_of: date) -> str:
    """Format the days left: D-8, D-day, D+3."""
    left = (due_on - as_of).days
    return "D-day" if left == 0 else f"D-{left}" if left > 0 else f"D+{-left}"


def period(key: str, lang: Lang) -> str:
    """Format a period of a plan: `2026H1` as 2026 상반기."""
    year, half = key[:4], key[4:]
    halves = {"H1": ("상반기", "H1"), "H2": ("하반기", "H2"), "": ("", "")}
    return f"{year} {halves[half][lang == 'en']}".strip()


def years(span: YearRange) -> str:
    """Format a range of years: 2019, or 2019~2021."""
    return str(span.first) if span.first == span.last else f"{span.first}~{span.last}"
