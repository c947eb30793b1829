"""Random values that a seed determines, with sums that are exact."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from shared.values.calendar import is_business_day


def portions(total: int, count: int, unit: int, random: Random, spread: float = 0.15) -> list[int]:
    """Return `count` multiples of `unit` that sum to `total`, each within about `spread` of the mean."""
    if total % unit:
        raise ValueError(f"{total} is no multiple of {unit}")
    weights = [1 + random.uniform(-spread, spread) for _ in range(count)]
    parts = [int(total / unit * weight / sum(weights)) for weight in weights]
    for index in range(total // unit - sum(parts)):
        parts[index % count] += 1
    return [part * unit for part in parts]


def random_multiple(low: int, high: int, unit: int, random: Random) -> int:
    """Draw a multiple of `unit` from `low` to `high`."""
    return random.randint(-(-low // unit), high // unit) * unit


def business_days(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if is_business_day(day)]


def random_business_days(first: date, last: date, count: int, random: Random) -> list[date]:
    """Draw `count` business days in order; the first and the last one are among them, where `count` allows."""
    days = business_days(first, last)
    ends = [days[0], days[-1]][:count]
    return sorted(ends + [random.choice(days) for _ in range(count - len(ends))])


def add_business_days(start: date, business_days: int) -> date:
    """Return the date so many business days after `start`; before it, where negative."""
    step = timedelta(days=1 if business_days >= 0 else -1)
    day = start
    for _ in range(abs(business_days)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def split_in_proportion(total: int, limits: Mapping[str, int]) -> dict[str, int]:
    """Divide `total` in proportion to `limits`, no part above its limit; the remainder goes to the first parts with room."""
    whole = sum(limits.values())
    parts = {name: total * limit // whole for name, limit in limits.items()}
    for name, limit in limits.items():
        parts[name] += min(limit - parts[name], total - sum(parts.values()))
    return parts
