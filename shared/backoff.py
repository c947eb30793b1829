"""Backoff: how long to wait before the next attempt."""


def backoff_delay(failures: int, first: float, longest: float) -> float:
    """Return the seconds to wait after so many failures (1 or more): doubled each time, up to the longest."""
    return min(longest, first * 2.0 ** min(failures - 1, 20))
