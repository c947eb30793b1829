"""Won: whole amounts, and splits whose parts add up to the total."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field as Limits
from sqlalchemy import BigInteger
from sqlmodel import Field


class Funder(StrEnum):
    """Funding source: 국비, 도비, 시비(시군비), 자부담. The self-contribution is never public money."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    SELF = "self"


PUBLIC = (Funder.NATIONAL, Funder.PROVINCE, Funder.CITY)

# In a message: an integer, never a float or a text, and exact in every JSON reader (2**53 - 1).
Krw = Annotated[int, Limits(ge=0, le=9_007_199_254_740_991, strict=True)]
Shares = dict[Funder, Krw]

# In a table: a plain int becomes INTEGER, which ends at 2.1 billion won.
Won = Annotated[int, Field(sa_type=BigInteger)]


def split(
    total_krw: int, ratio: Mapping[Funder, int], remainder_to: Funder, unit_krw: int = 1
) -> dict[Funder, int]:
    """Return each funder's share of the total (won), floored to the rounding unit; `remainder_to` gets the remainder.

    Raises ValueError where the total is negative, the unit below 1, or `remainder_to` has no ratio.
    """
    if (
        total_krw < 0
        or unit_krw < 1
        or remainder_to not in ratio
        or min(ratio.values()) < 0
        or not sum(ratio.values())
    ):
        raise ValueError(f"cannot split {total_krw} won by {dict(ratio)}, remainder to {remainder_to}")
    whole = sum(ratio.values())
    shares = {funder: total_krw * part // whole // unit_krw * unit_krw for funder, part in ratio.items()}
    shares[remainder_to] += total_krw - sum(shares.values())
    return shares


def public(shares: Mapping[Funder, int]) -> dict[Funder, int]:
    """Return the shares that are public money."""
    return {funder: amount for funder, amount in shares.items() if funder != Funder.SELF}


def instalments(shares: Mapping[Funder, int], parts: list[int]) -> list[dict[Funder, int]]:
    """Return the shares (won) of each instalment, divided by integer parts; the last one takes the remainders."""
    whole, paid = sum(parts), dict.fromkeys(shares, 0)
    rows: list[dict[Funder, int]] = []
    for number, part in enumerate(parts, start=1):
        last = number == len(parts)
        row = {f: krw - paid[f] if last else krw * part // whole for f, krw in shares.items()}
        paid = {f: paid[f] + row[f] for f in row}
        rows.append(row)
    return rows
