"""The rules of the ledger: which moves there are. No database, broker or clock."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.errors import RuleBroken
from shared.values.money import Funder


class Kind(StrEnum):
    """Sources (allocated, opening, promised) never rise above zero, all others never fall below it."""

    ALLOCATED = "allocated"
    OPENING = "opening"
    AVAILABLE = "available"
    COMMITTED = "committed"
    PAYABLE = "payable"
    DISBURSED = "disbursed"
    RETURNED = "returned"
    PROMISED = "promised"
    PLEDGED = "pledged"
    EVIDENCED = "evidenced"


class Purse(NamedTuple):
    """One funder's money for one programme and fiscal year; the city's may be a municipality's ('' elsewhere)."""

    programme_id: str
    fiscal_year: int
    funder: str
    municipality: str


class Line(NamedTuple):
    purse: Purse
    kind: Kind
    amount_krw: int


class Reason(StrEnum):
    """Why money moved; each reason has exactly one move."""

    ALLOCATED = "budget.allocated"
    COMMITTED = "funds.committed"
    RELEASED = "commitment.released"
    APPROVED = "tranche.approved"
    VOIDED = "tranche.voided"
    DISBURSED = "tranche.disbursed"
    FAILED = "tranche.failed"
    PAST = "past_spending.booked"
    SELF_PLEDGED = "self_contribution.pledged"
    SELF_CONFIRMED = "self_contribution.confirmed"
    SELF_RELEASED = "self_contribution.released"
    SELF_PAST = "past_self.booked"


MOVES: Mapping[Reason, tuple[Kind, Kind]] = {
    Reason.ALLOCATED: (Kind.ALLOCATED, Kind.AVAILABLE),
    Reason.COMMITTED: (Kind.AVAILABLE, Kind.COMMITTED),
    Reason.RELEASED: (Kind.COMMITTED, Kind.AVAILABLE),
    Reason.APPROVED: (Kind.COMMITTED, Kind.PAYABLE),
    Reason.VOIDED: (Kind.PAYABLE, Kind.COMMITTED),
    Reason.DISBURSED: (Kind.PAYABLE, Kind.DISBURSED),
    Reason.FAILED: (Kind.PAYABLE, Kind.COMMITTED),
    Reason.PAST: (Kind.OPENING, Kind.DISBURSED),
    Reason.SELF_PLEDGED: (Kind.PROMISED, Kind.PLEDGED),
    Reason.SELF_CONFIRMED: (Kind.PLEDGED, Kind.EVIDENCED),
    Reason.SELF_RELEASED: (Kind.PLEDGED, Kind.PROMISED),
    Reason.SELF_PAST: (Kind.OPENING, Kind.EVIDENCED),
}


def purses(
    programme_id: str, fiscal_year: int, shares: Mapping[Funder, int], city_account: str
) -> dict[Purse, int]:
    """Won by purse; the city's share stands on the account of the municipality that pays it."""
    return {
        Purse(programme_id, fiscal_year, funder, city_account if funder == Funder.CITY else ""): krw
        for funder, krw in shares.items()
    }


def lines(reason: Reason, amounts: Mapping[Purse, int]) -> list[Line]:
    """One balanced set, in the order in which accounts are locked; nothing for purses without money."""
    source, target = MOVES[reason]
    if any(krw < 0 for krw in amounts.values()):
        raise ValueError(f"a move of {dict(amounts)}: its direction is the reason's, never the sign's")
    pairs = [(Line(purse, source, -krw), Line(purse, target, krw)) for purse, krw in amounts.items() if krw]
    return sorted(line for pair in pairs for line in pair)


NAMES = {
    Funder.NATIONAL: ("국비", "the national share"),
    Funder.PROVINCE: ("도비", "the province's share"),
    Funder.CITY: ("시군비", "the city's share"),
    Funder.SELF: ("자부담", "the company's own share"),
}


def short(
    *, programme_id: str, fiscal_year: int, funder: str, municipality: str, kind: str, missing_krw: int
) -> RuleBroken:
    """The refusal for an account that would fall below zero by so many won."""
    ko, en = NAMES[Funder(funder)]
    whose = f" {municipality}" if municipality else ""
    return RuleBroken(
        "budget_short",
        ko=f"{programme_id} {fiscal_year}년 {ko}{whose} {kind} 잔액이 {missing_krw:,}원 모자랍니다. "
        "예산을 더 편성한 뒤 다시 하세요.",
        en=f"{programme_id}, {fiscal_year}: {en}{whose} ({kind}) is short of {missing_krw:,} won. "
        "Allocate more budget, then try again.",
    )
