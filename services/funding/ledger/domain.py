"""The rules of the ledger: accounts, and the moves between them. No database, broker or clock."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.errors import RuleBroken
from shared.values.money import Funder


class AccountKind(StrEnum):
    """Kinds of ledger account, stored by value. Sources never rise above zero, all others never fall below it.

    Sources are ALLOCATED, OPENING_BALANCE (spending from before this system) and SELF_FUNDING_SOURCE.
    """

    ALLOCATED = "allocated"
    OPENING_BALANCE = "opening"
    AVAILABLE = "available"
    COMMITTED = "committed"
    PAYABLE = "payable"
    DISBURSED = "disbursed"
    RETURNED = "returned"
    SELF_FUNDING_SOURCE = "promised"
    SELF_FUNDING_EXPECTED = "pledged"
    SELF_FUNDING_EVIDENCED = "evidenced"


class BudgetLine(NamedTuple):
    """Programme × fiscal year × funding source (× municipality, '' where one city pays alone or another funder)."""

    programme_id: str
    fiscal_year: int
    funder: str
    municipality: str


class PostingLine(NamedTuple):
    """Won added to one account of a budget line; negative where money leaves it."""

    budget_line: BudgetLine
    kind: AccountKind
    amount_krw: int


class PostingReason(StrEnum):
    """Reasons of postings, stored by value; each has exactly one move."""

    ALLOCATED = "budget.allocated"
    COMMITTED = "funds.committed"
    RELEASED = "commitment.released"
    APPROVED = "tranche.approved"
    VOIDED = "tranche.voided"
    DISBURSED = "tranche.disbursed"
    FAILED = "tranche.failed"
    PAST_SPENDING = "past_spending.booked"
    SELF_FUNDING_EXPECTED = "self_contribution.pledged"
    SELF_FUNDING_CONFIRMED = "self_contribution.confirmed"
    SELF_FUNDING_RELEASED = "self_contribution.released"
    SELF_PAST_SPENDING = "past_self.booked"


MOVES: Mapping[PostingReason, tuple[AccountKind, AccountKind]] = {
    PostingReason.ALLOCATED: (AccountKind.ALLOCATED, AccountKind.AVAILABLE),
    PostingReason.COMMITTED: (AccountKind.AVAILABLE, AccountKind.COMMITTED),
    PostingReason.RELEASED: (AccountKind.COMMITTED, AccountKind.AVAILABLE),
    PostingReason.APPROVED: (AccountKind.COMMITTED, AccountKind.PAYABLE),
    PostingReason.VOIDED: (AccountKind.PAYABLE, AccountKind.COMMITTED),
    PostingReason.DISBURSED: (AccountKind.PAYABLE, AccountKind.DISBURSED),
    PostingReason.FAILED: (AccountKind.PAYABLE, AccountKind.COMMITTED),
    PostingReason.PAST_SPENDING: (AccountKind.OPENING_BALANCE, AccountKind.DISBURSED),
    PostingReason.SELF_FUNDING_EXPECTED: (AccountKind.SELF_FUNDING_SOURCE, AccountKind.SELF_FUNDING_EXPECTED),
    PostingReason.SELF_FUNDING_CONFIRMED: (
        AccountKind.SELF_FUNDING_EXPECTED,
        AccountKind.SELF_FUNDING_EVIDENCED,
    ),
    PostingReason.SELF_FUNDING_RELEASED: (AccountKind.SELF_FUNDING_EXPECTED, AccountKind.SELF_FUNDING_SOURCE),
    PostingReason.SELF_PAST_SPENDING: (AccountKind.OPENING_BALANCE, AccountKind.SELF_FUNDING_EVIDENCED),
}


def budget_lines(
    programme_id: str, fiscal_year: int, shares: Mapping[Funder, int], municipality_account: str
) -> dict[BudgetLine, int]:
    """Return won by budget line; the city's share belongs to the municipality that pays it."""
    return {
        BudgetLine(
            programme_id, fiscal_year, funder, municipality_account if funder == Funder.CITY else ""
        ): krw
        for funder, krw in shares.items()
    }


def posting_lines(reason: PostingReason, amounts: Mapping[BudgetLine, int]) -> list[PostingLine]:
    """Return one balanced set, in the order in which accounts are locked; no lines for an amount of zero.

    Raises ValueError for a negative amount.
    """
    source, target = MOVES[reason]
    if any(krw < 0 for krw in amounts.values()):
        raise ValueError(f"a move of {dict(amounts)}: its direction is the reason's, never the sign's")
    pairs = [
        (PostingLine(line, source, -krw), PostingLine(line, target, krw))
        for line, krw in amounts.items()
        if krw
    ]
    return sorted(line for pair in pairs for line in pair)


FUNDER_NAMES = {
    Funder.NATIONAL: ("국비", "the national share"),
    Funder.PROVINCE: ("도비", "the province's share"),
    Funder.CITY: ("시군비", "the city's share"),
    Funder.SELF: ("자부담", "the company's own share"),
}


def budget_short(
    *, programme_id: str, fiscal_year: int, funder: str, municipality: str, kind: str, missing_krw: int
) -> RuleBroken:
    """Return the error for an account that would fall `missing_krw` won below zero."""
    ko, en = FUNDER_NAMES[Funder(funder)]
    owner = f" {municipality}" if municipality else ""
    return RuleBroken(
        "budget_short",
        ko=f"{programme_id} {fiscal_year}년 {ko}{owner} {kind} 잔액이 {missing_krw:,}원 모자랍니다. "
        "예산을 더 편성한 뒤 다시 하세요.",
        en=f"{programme_id}, {fiscal_year}: {en}{owner} ({kind}) is short of {missing_krw:,} won. "
        "Allocate more budget, then try again.",
    )
