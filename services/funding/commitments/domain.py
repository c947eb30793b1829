"""The rules of commitments. No database, broker or clock."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from services.funding.commitments.models import Commitment
from services.funding.ledger.domain import BudgetLine, budget_lines
from services.funding.programmes.domain import FundingTerms
from shared.errors import PrerequisiteMissing, RuleBroken
from shared.events.applications import AgreementSigned
from shared.events.funding import CommitmentReleased, FundsCommitted, SelfContributionConfirmed, YearShares
from shared.values.calendar import fiscal_year
from shared.values.money import Funder, public


def create_commitment(signed: AgreementSigned, terms: FundingTerms) -> Commitment:
    """Return the commitment of a signed agreement.

    Raises RuleBroken where the shares do not sum to the total, or public support exceeds the programme's cap.
    """
    public_krw, self_krw = sum(public(signed.shares_krw).values()), signed.shares_krw.get(Funder.SELF, 0)
    refuse_wrong_sum(signed.total_krw, public_krw + self_krw)
    refuse_too_much_support(signed.total_krw, public_krw, terms)
    return Commitment(
        case_id=signed.case_id,
        programme_id=signed.programme_id,
        company_id=signed.company_id,
        municipality_account=terms.municipality_account(signed.municipality),
        self_funding_year=fiscal_year(signed.occurred_on),
        signed_on=signed.occurred_on,
        total_krw=signed.total_krw,
        public_krw=public_krw,
        self_krw=self_krw,
    )


def refuse_wrong_sum(total_krw: int, sum_krw: int) -> None:
    if total_krw != sum_krw:
        raise RuleBroken(
            "shares_do_not_add_up",
            ko=f"재원별 금액의 합 {sum_krw:,}원이 협약 총액 {total_krw:,}원과 다릅니다. 협약을 바로잡아 다시 보내세요.",
            en=f"The shares sum to {sum_krw:,} won, the agreement says {total_krw:,}. Correct the agreement.",
        )


def refuse_too_much_support(total_krw: int, public_krw: int, terms: FundingTerms) -> None:
    cap = terms.max_support
    if cap and public_krw * cap.denominator > total_krw * cap.numerator:
        raise RuleBroken(
            "support_above_cap",
            ko=f"공공 지원 {public_krw:,}원이 총액 {total_krw:,}원의 {cap.text}을 넘습니다. 자부담을 늘려 다시 협약하세요.",
            en=f"Public support of {public_krw:,} won exceeds {cap.text} of {total_krw:,}. Raise the company's own share.",
        )


def public_budget_lines(commitment: Commitment, years: Iterable[YearShares]) -> dict[BudgetLine, int]:
    return {
        line: krw
        for year in years
        for line, krw in budget_lines(
            commitment.programme_id, year.fiscal_year, year.amounts_krw, commitment.municipality_account
        ).items()
        if krw
    }


def self_budget_line(commitment: Commitment) -> dict[BudgetLine, int]:
    line = BudgetLine(commitment.programme_id, commitment.self_funding_year, Funder.SELF, "")
    return {line: commitment.self_krw}


def refuse_without_budget(missing: Sequence[BudgetLine]) -> None:
    if missing:
        text = ", ".join(f"{line.fiscal_year} {line.funder} {line.municipality}".strip() for line in missing)
        raise PrerequisiteMissing(
            "budget_missing",
            ko=f"{missing[0].programme_id}에 편성된 예산이 없습니다: {text}. 담당자가 예산을 편성하면 이어집니다.",
            en=f"No budget of {missing[0].programme_id} is allocated yet: {text}. An officer must allocate it.",
        )


def committed(commitment: Commitment, years: list[YearShares]) -> FundsCommitted:
    return FundsCommitted(
        programme_id=commitment.programme_id,
        case_id=commitment.case_id,
        company_id=commitment.company_id,
        years=years,
        occurred_on=commitment.signed_on,
    )


def released(commitment: Commitment, years: list[YearShares], on: date) -> CommitmentReleased:
    return CommitmentReleased(
        programme_id=commitment.programme_id, case_id=commitment.case_id, years=years, occurred_on=on
    )


def confirm_self_contribution(
    commitment: Commitment, amount_krw: int, evidence: str, on: date
) -> SelfContributionConfirmed:
    """Confirm the agreed self-contribution: all of it, once, before any tranche (지방보조금 관리기준 제10조⑥)."""
    refuse_abandoned(commitment)
    refuse_before_agreement(commitment, on)
    if commitment.self_confirmed_on is not None:
        raise RuleBroken(
            "self_contribution_known",
            ko=f"자부담은 {commitment.self_confirmed_on}에 이미 확인되었습니다. 더 할 일이 없습니다.",
            en=f"The own share was confirmed on {commitment.self_confirmed_on} already. Nothing is left to do.",
        )
    if amount_krw != commitment.self_krw:
        raise RuleBroken(
            "self_contribution_amount",
            ko=f"자부담 {amount_krw:,}원은 협약의 {commitment.self_krw:,}원과 다릅니다. 협약 금액 전부를 확인한 뒤 등록하세요.",
            en=f"{amount_krw:,} won is not the agreed own share of {commitment.self_krw:,}. Confirm all of it at once.",
        )
    commitment.self_confirmed_on = on
    return SelfContributionConfirmed(
        programme_id=commitment.programme_id,
        case_id=commitment.case_id,
        fiscal_year=commitment.self_funding_year,
        amount_krw=amount_krw,
        evidence=evidence,
        occurred_on=on,
    )


def refuse_abandoned(commitment: Commitment) -> None:
    if commitment.abandoned_on is not None:
        raise RuleBroken(
            "case_abandoned",
            ko=f"{commitment.abandoned_on}에 포기한 과제입니다. 더 지급하거나 확인할 수 없습니다.",
            en=f"The case was abandoned on {commitment.abandoned_on}. Nothing more can be paid or confirmed.",
        )


def refuse_before_agreement(commitment: Commitment, on: date) -> None:
    if on < commitment.signed_on:
        raise RuleBroken(
            "before_agreement",
            ko=f"업무일 {on}은 협약일 {commitment.signed_on}보다 앞섭니다. 협약 전의 일에는 지급하지 않습니다. 날짜를 확인하세요.",
            en=f"{on} is before the agreement of {commitment.signed_on}: nothing is paid for it. Check the date.",
        )


def needs_self_contribution(commitment: Commitment) -> bool:
    return commitment.self_krw > 0 and commitment.self_confirmed_on is None


def agreement_not_arrived(case_id: UUID) -> PrerequisiteMissing:
    return PrerequisiteMissing(
        "case_unknown",
        ko=f"과제 {case_id}의 협약이 아직 도착하지 않았습니다. 협약을 맺었는지 확인하고 잠시 뒤 다시 하세요.",
        en=f"The agreement of case {case_id} has not arrived here. Check that it is signed; try again shortly.",
    )
