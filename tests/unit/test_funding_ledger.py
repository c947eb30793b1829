"""The ledger's moves: balanced, one per reason, and conserving money in any sequence."""

from collections import Counter
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.ledger.domain import (
    MOVES,
    AccountKind,
    BudgetLine,
    PostingReason,
    budget_lines,
    budget_short,
    posting_lines,
)
from shared.values.money import Funder

PROVINCE_LINE = BudgetLine("jeonbuk-smart-factory", 2024, "province", "")
CITY_LINE = BudgetLine("jeonbuk-smart-factory", 2025, "city", "52111")
SELF_LINE = BudgetLine("jeonbuk-smart-factory", 2024, "self", "")
SOURCES = {AccountKind.ALLOCATED, AccountKind.OPENING_BALANCE, AccountKind.SELF_FUNDING_SOURCE}

Balances = Counter[tuple[BudgetLine, str]]


def is_self_funding(reason: PostingReason) -> bool:
    return not {
        AccountKind.SELF_FUNDING_SOURCE,
        AccountKind.SELF_FUNDING_EXPECTED,
        AccountKind.SELF_FUNDING_EVIDENCED,
    }.isdisjoint(MOVES[reason])


def balances_after(balances: Balances, reason: PostingReason, amounts: dict[BudgetLine, int]) -> Balances:
    """Return the balances after the set, or the old ones where it would overdraw an account, as the database does."""
    moved = balances.copy()
    for line in posting_lines(reason, amounts):
        moved[line.budget_line, line.kind] += line.amount_krw
    overdrawn = any(krw < 0 for (_, kind), krw in moved.items() if kind not in SOURCES)
    return balances if overdrawn else moved


steps = st.lists(
    st.tuples(st.sampled_from(PostingReason), st.booleans(), st.integers(0, 3_000_000_000)), max_size=60
)


@given(steps)
def test_no_sequence_of_moves_creates_or_loses_a_won(moves: list[tuple[PostingReason, bool, int]]) -> None:
    balances: Balances = Counter()

    for reason, to_city, krw in moves:
        line = SELF_LINE if is_self_funding(reason) else CITY_LINE if to_city else PROVINCE_LINE
        balances = balances_after(balances, reason, {line: krw})

    for line in (PROVINCE_LINE, CITY_LINE, SELF_LINE):
        source_krw = -sum(balances[line, kind] for kind in SOURCES)
        assert source_krw == sum(balances[line, kind] for kind in AccountKind if kind not in SOURCES)
        assert all(balances[line, kind] <= 0 for kind in SOURCES)


@given(
    st.sampled_from(PostingReason),
    st.dictionaries(st.sampled_from([PROVINCE_LINE, CITY_LINE]), st.integers(0)),
)
def test_each_set_sums_to_zero_in_every_budget_line(
    reason: PostingReason, amounts: dict[BudgetLine, int]
) -> None:
    lines = posting_lines(reason, amounts)

    for budget_line in amounts:
        assert sum(line.amount_krw for line in lines if line.budget_line == budget_line) == 0
    assert all(line.amount_krw for line in lines)
    assert lines == sorted(lines)


def test_every_reason_moves_money_between_two_kinds_of_account() -> None:
    assert set(MOVES) == set(PostingReason)
    assert all(source != target for source, target in MOVES.values())


def test_an_allocation_makes_money_available() -> None:
    lines = posting_lines(PostingReason.ALLOCATED, {PROVINCE_LINE: 5})

    assert {(line.kind, line.amount_krw) for line in lines} == {("allocated", -5), ("available", 5)}


def test_a_negative_amount_cannot_reverse_a_move() -> None:
    with pytest.raises(ValueError, match="direction"):
        posting_lines(PostingReason.COMMITTED, {PROVINCE_LINE: -1})


def test_only_the_citys_share_has_a_municipality() -> None:
    amounts = budget_lines("p", 2024, {Funder.PROVINCE: 1, Funder.CITY: 2, Funder.SELF: 3}, "52111")

    assert amounts == {
        BudgetLine("p", 2024, "province", ""): 1,
        BudgetLine("p", 2024, "city", "52111"): 2,
        BudgetLine("p", 2024, "self", ""): 3,
    }


def test_a_negative_amount_is_refused_beside_positive_ones() -> None:
    with pytest.raises(ValueError, match=r"^a move of \{"):
        posting_lines(PostingReason.COMMITTED, {PROVINCE_LINE: 2, CITY_LINE: -1})


def test_a_shortfall_of_a_line_without_a_municipality_names_none() -> None:
    refusal = budget_short(
        programme_id="p",
        fiscal_year=2025,
        funder="province",
        municipality="",
        kind="available",
        missing_krw=5,
    )

    assert refusal.ko.startswith("p 2025년 도비 available 잔액이 5원")
    assert "the province's share (available) is short of 5 won" in refusal.en


def test_a_budget_shortfall_names_funder_year_and_amount() -> None:
    refusal = budget_short(
        programme_id=f"p-{uuid4()}",
        fiscal_year=2025,
        funder="city",
        municipality="52111",
        kind="available",
        missing_krw=1_234_567,
    )

    for text in ("시군비", "2025", "52111", "1,234,567원"):
        assert text in refusal.ko
    assert refusal.rule == "budget_short"
