"""Exact values: won that add up, days in Seoul, numbers that check themselves."""

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.errors import RuleBroken
from shared.values import business_number, calendar, clock, municipalities
from shared.values.money import Funder, instalments, public, split

GIMCHEON = {Funder.NATIONAL: 50, Funder.PROVINCE: 10, Funder.CITY: 20, Funder.SELF: 20}
EXPORT = {Funder.CITY: 5, Funder.SELF: 1}
amounts = some.integers(0, 9_007_199_254_740_991)


@given(amounts, some.sampled_from([GIMCHEON, EXPORT]), some.sampled_from([1, 10, 1_000]))
def test_shares_always_add_up_and_only_the_remainders_owner_is_not_rounded(
    total: int, ratio: dict[Funder, int], unit: int
) -> None:
    shares = split(total, ratio, Funder.SELF, unit)

    assert sum(shares.values()) == total
    assert all(shares[funder] % unit == 0 for funder in ratio if funder != Funder.SELF)
    assert all(
        shares[funder] <= total * ratio[funder] / sum(ratio.values())
        for funder in ratio
        if funder != Funder.SELF
    )


def test_the_documents_ratios_come_out_to_the_won() -> None:
    assert split(312_000_000, EXPORT, Funder.CITY) == {Funder.CITY: 260_000_000, Funder.SELF: 52_000_000}
    assert split(100_001, GIMCHEON, Funder.CITY, 1_000) == {
        Funder.NATIONAL: 50_000,
        Funder.PROVINCE: 10_000,
        Funder.CITY: 20_001,
        Funder.SELF: 20_000,
    }


@pytest.mark.parametrize(
    ("total", "owner", "unit"), [(-1, Funder.CITY, 1), (1, Funder.PROVINCE, 1), (1, Funder.CITY, 0)]
)
def test_a_split_that_cannot_be_made_is_refused(total: int, owner: Funder, unit: int) -> None:
    with pytest.raises(ValueError, match="cannot split"):
        split(total, EXPORT, owner, unit)


@given(amounts, some.lists(some.integers(1, 100), min_size=1, max_size=6))
def test_instalments_add_up_for_each_funder(total: int, parts: list[int]) -> None:
    shares = public(split(total, GIMCHEON, Funder.SELF))

    rows = instalments(shares, parts)

    assert len(rows) == len(parts)
    assert {funder: sum(row[funder] for row in rows) for funder in shares} == shares
    assert all(amount >= 0 for row in rows for amount in row.values())


@pytest.mark.parametrize("number", ["124-81-00998", "1234567891", "220-81-62517"])
def test_a_business_number_has_a_valid_check_digit(number: str) -> None:
    assert business_number.checked(number) == number.replace("-", "")


@pytest.mark.parametrize(
    "number", ["1234567890", "124810099", "12481009987", "abcdefghij", "１２４８１００９９８", ""]
)
def test_a_wrong_business_number_is_refused_in_plain_words(number: str) -> None:
    with pytest.raises(ValueError, match="검증번호"):
        business_number.checked(number)


@given(some.integers(0, 999_999_999))
def test_every_number_has_one_check_digit_also_where_it_is_zero(nine: int) -> None:
    first = f"{nine:09}"

    valid = [last for last in "0123456789" if business_number.is_valid(first + last)]

    assert valid == [business_number.check_digit(first)]


def test_pinned_clock_stands_at_noon_in_seoul(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.DATE, "2025-01-20")

    assert clock.now().isoformat() == "2025-01-20T12:00:00+09:00"
    assert clock.pinned() == clock.now()


def test_date_after_the_clock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.DATE, "2025-01-20")

    clock.refuse_future(date(2025, 1, 20))
    with pytest.raises(RuleBroken, match=r"^future_date: "):
        clock.refuse_future(date(2025, 1, 21))


@pytest.mark.parametrize("text", ["rubbish", "9999-12-31T23:30:00+00:00", "0001-01-01T00:00:00+14:00", ""])
def test_clock_file_without_a_moment_in_seoul_is_unreadable(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock").write_text(text, encoding="utf-8")

    with pytest.raises(clock.ClockUnreadable, match="must hold a moment"):
        clock.read_file(tmp_path / "clock")


@pytest.mark.parametrize("unset", ["", None])
def test_clock_without_a_setting_runs_with_real_time(
    monkeypatch: pytest.MonkeyPatch, unset: str | None
) -> None:
    for name in (clock.FILE, clock.DATE):
        monkeypatch.delenv(name, raising=False)
        if unset is not None:
            monkeypatch.setenv(name, unset)

    assert clock.pinned() is None
    assert abs((clock.utc_now() - clock.now()).total_seconds()) < 60


@pytest.fixture
def clock_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "business-clock"
    monkeypatch.setenv(clock.FILE, str(file))
    return file


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-01-03T10:00:00+09:00\n", "2022-01-03T10:00:00+09:00"),
        ("2022-01-03T16:00:00+00:00", "2022-01-04T01:00:00+09:00"),
        ("2022-01-03T10:00", "2022-01-03T10:00:00+09:00"),
    ],
)
def test_clock_stands_at_the_moment_in_its_file(clock_file: Path, text: str, moment: str) -> None:
    clock_file.write_text(text)

    assert clock.now().isoformat() == moment
    assert clock.today() == datetime.fromisoformat(moment).date()


def test_clock_file_goes_before_a_pinned_date(monkeypatch: pytest.MonkeyPatch, clock_file: Path) -> None:
    monkeypatch.setenv(clock.DATE, "2025-01-20")
    clock_file.write_text("2022-01-03T10:00:00+09:00")

    assert clock.today() == date(2022, 1, 3)


def test_replaced_clock_file_is_seen_at_the_next_call(clock_file: Path) -> None:
    for day in range(1, 29):
        draft = clock_file.with_name("draft")
        draft.write_text(f"2022-02-{day:02d}T10:00:00+09:00")
        draft.replace(clock_file)

        assert clock.today() == date(2022, 2, day)


@pytest.mark.parametrize("text", ["", "tomorrow", "2022-13-01T10:00:00+09:00", None])
def test_unreadable_clock_file_is_an_error_that_names_it(clock_file: Path, text: str | None) -> None:
    if text is not None:
        clock_file.write_text(text)

    with pytest.raises(ValueError, match=r"IEUM_BUSINESS_CLOCK_FILE: .*business-clock must hold a moment"):
        clock.now()


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2024, 8, 31), 6, date(2025, 2, 28)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(2024, 7, 1), 0, date(2024, 7, 1)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last(start: date, months: int, end: date) -> None:
    assert calendar.add_months(start, months) == end


def test_a_deadline_on_a_holiday_ends_on_the_next_business_day() -> None:
    seollal = date(2025, 1, 28)

    assert not calendar.is_business_day(seollal)
    assert calendar.next_business_day(seollal) == date(2025, 1, 31)
    assert calendar.next_business_day(date(2025, 2, 1)) == date(2025, 2, 3)


def test_a_municipalitys_code_has_its_dates() -> None:
    assert municipalities.is_valid("45130", date(2024, 1, 17))
    assert not municipalities.is_valid("45130", date(2024, 1, 18))
    assert municipalities.is_valid("52130", date(2024, 1, 18))
    assert (municipalities.name("45130"), municipalities.name("52130", "en")) == ("군산시", "Gunsan")
    assert municipalities.name("99999") == "99999"


def test_the_documents_municipalities_are_all_known() -> None:
    now = [one for one in municipalities.by_code().values() if one.valid_to is None]

    assert sum(one.province_ko == "전북특별자치도" for one in now) == 14
    assert sum(one.province_ko == "충청남도" for one in now) == 15
