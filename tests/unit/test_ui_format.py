"""Formatting of numbers, money, percentages, dates and addresses on the board."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.board.parts.links import Links
from shared.web.ui import format as fmt
from shared.web.ui.values import Unit
from tests.unit.board_builders import MID_2022, NOW, a_page


@pytest.mark.parametrize(
    ("won", "unit", "text"),
    [
        (16_000_000_000, 1_000_000, "16,000"),
        (555_500_000, 1_000_000, "556"),
        (555_499_999, 1_000_000, "555"),
        (-1_300_500, 1_000, "−1,301"),
        (0, 1_000_000, "0"),
        (None, 1, "–"),
    ],
)
def test_money_is_rounded_half_up_and_unknown_is_a_dash(won: int | None, unit: Unit, text: str) -> None:
    assert fmt.won(won, unit) == text


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_rounding_to_a_larger_unit_is_off_by_half_a_unit_at_most(won: int) -> None:
    shown = int(fmt.won(won, 1_000_000).replace(",", "").replace("−", "-"))

    assert abs(shown * 1_000_000 - won) * 2 <= 1_000_000


def test_percentages_are_exact_and_a_zero_whole_has_none() -> None:
    assert fmt.percent(39, 70) == "56 %"
    assert fmt.percent(375, 1000, 1) == "37.5 %"
    assert fmt.percent(1, 8, 1) == "12.5 %"
    assert fmt.percent(1, 0) == fmt.percent(None, 5) == "–"
    assert fmt.points(6_000, 16_000, 30) == (1, "7.5%p")
    assert fmt.score("250/3") == "83.33"


def test_dates_have_their_weekday_and_times_are_in_seoul() -> None:
    assert fmt.full_date(NOW, "ko") == "2025-01-20 (월)"
    assert fmt.time_of_day(datetime(2025, 1, 20, 0, 5, tzinfo=UTC)) == "09:05"
    assert fmt.days_left(date(2025, 1, 28), NOW) == "D-8"
    assert fmt.period("2026H1", "ko") == "2026 상반기"


def test_address_holds_what_decides_the_page_and_no_defaults() -> None:
    here = a_page(path="/cases", as_of=MID_2022, lang="en", query={"q": "가나", "page": "2"})

    assert Links(a_page()).programme("x") == "/programmes/x"
    assert Links(here).case("c/1") == "/cases/c%2F1?as_of=2022-06-30&lang=en"
    assert Links(here).here(page=3) == "/cases?as_of=2022-06-30&lang=en&q=%EA%B0%80%EB%82%98&page=3"
    assert "as_of" not in Links(here).today()
