"""The ledger's moves: balanced, named by their reason, and conserving under any sequence."""

from collections import Counter
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.ledger.domain import MOVES, Kind, Purse, Reason, lines, purses, short
from shared.values.money import Funder

PUBLIC_PURSE = Purse("jeonbuk-smart-factory", 2024, "province", "")
OTHER_PURSE = Purse("jeonbuk-smart-factory", 2025, "city", "52111")
OWN_PURSE = Purse("jeonbuk-smart-factory", 2024, "self", "")
SOURCES = {Kind.ALLOCATED, Kind.OPENING, Kind.PROMISED}

Balances = Counter[tuple[Purse, str]]


def own(reason: Reason) -> bool:
    return not {Kind.PROMISED, Kind.PLEDGED, Kind.EVIDENCED}.isdisjoint(MOVES[reason])


def after(balances: Balances, reason: Reason, amounts: dict[Purse, int]) -> Balances:
    """The balances after the set; the same ones where it would take something below zero, as the database does."""
    moved = balances.copy()
    for line in lines(reason, amounts):
        moved[line.purse, line.kind] += line.amount_krw
    short = any(krw < 0 for (_, kind), krw in moved.items() if kind not in SOURCES)
    return balances if short else moved


steps = st.lists(
    st.tuples(st.sampled_from(Reason), st.booleans(), st.integers(0, 3_000_000_000)), max_size=60
)


@given(steps)
def test_no_sequence_of_moves_makes_or_loses_a_won(history: list[tuple[Reason, bool, int]]) -> None:
    balances: Balances = Counter()

    for reason, second, krw in history:
        purse = OWN_PURSE if own(reason) else OTHER_PURSE if second else PUBLIC_PURSE
        balances = after(balances, reason, {purse: krw})

    for purse in (PUBLIC_PURSE, OTHER_PURSE, OWN_PURSE):
        brought_in = -sum(balances[purse, kind] for kind in SOURCES)
        assert brought_in == sum(balances[purse, kind] for kind in Kind if kind not in SOURCES)
        assert all(balances[purse, kind] <= 0 for kind in SOURCES)


@given(st.sampled_from(Reason), st.dictionaries(st.sampled_from([PUBLIC_PURSE, OTHER_PURSE]), st.integers(0)))
def test_each_set_sums_to_zero_in_every_purse(reason: Reason, amounts: dict[Purse, int]) -> None:
    made = lines(reason, amounts)

    for purse in amounts:
        assert sum(line.amount_krw for line in made if line.purse == purse) == 0
    assert all(line.amount_krw for line in made)
    assert made == sorted(made)


def test_every_reason_leads_from_one_kind_to_another() -> None:
    assert set(MOVES) == set(Reason)
    assert all(source != target for source, target in MOVES.values())


def test_an_allocation_makes_money_available() -> None:
    made = lines(Reason.ALLOCATED, {PUBLIC_PURSE: 5})

    assert {(line.kind, line.amount_krw) for line in made} == {("allocated", -5), ("available", 5)}


def test_a_negative_amount_is_no_way_to_turn_a_move_around() -> None:
    with pytest.raises(ValueError, match="direction"):
        lines(Reason.COMMITTED, {PUBLIC_PURSE: -1})


def test_only_the_citys_share_stands_on_a_municipalitys_account() -> None:
    made = purses("p", 2024, {Funder.PROVINCE: 1, Funder.CITY: 2, Funder.SELF: 3}, "52111")

    assert made == {
        Purse("p", 2024, "province", ""): 1,
        Purse("p", 2024, "city", "52111"): 2,
        Purse("p", 2024, "self", ""): 3,
    }


def test_a_refusal_for_lack_of_money_names_funder_year_and_amount() -> None:
    refusal = short(
        programme_id=f"p-{uuid4()}",
        fiscal_year=2025,
        funder="city",
        municipality="52111",
        kind="available",
        missing_krw=1_234_567,
    )

    for told in ("시군비", "2025", "52111", "1,234,567원"):
        assert told in refusal.ko
    assert refusal.rule == "budget_short"
