"""The rules of budgets. No database, broker or clock."""

from collections.abc import Mapping

from services.funding.programmes.domain import FundingTerms
from shared.errors import RuleBroken
from shared.values.money import Funder, public


def budget_municipality(terms: FundingTerms, funder: Funder, municipality: str | None) -> str:
    """Return the municipality of the budget line to allocate to, or '' where the line has none.

    Raises RuleBroken for a funder that gives no public money here, and for a missing or needless municipality.
    """
    if funder == Funder.SELF or funder not in terms.funders:
        raise RuleBroken(
            "not_a_public_funder",
            ko=f"재원 {funder}은(는) 이 사업의 공공 재원이 아닙니다. 사업 정의의 재원에서 고르세요.",
            en=f"{funder} is not a public funder of this programme. Choose one of its definition.",
        )
    by_municipality = funder == Funder.CITY and bool(terms.municipalities)
    if by_municipality != (municipality is not None):
        raise RuleBroken(
            "municipality_of_budget",
            ko="시군비를 시군별로 내는 사업의 시군비에만 municipality를, 그때는 반드시 적으세요.",
            en="Name a municipality for the city's share of a programme whose municipalities pay, and only there.",
        )
    return terms.municipality_account(municipality) if municipality else ""


def split_self_and_public(amounts: Mapping[Funder, int]) -> tuple[dict[Funder, int], dict[Funder, int]]:
    """Return the company's self-contribution and the public money, which never share an account."""
    self_funding: dict[Funder, int] = {
        funder: krw for funder, krw in amounts.items() if funder == Funder.SELF
    }
    return self_funding, public(amounts)
