"""Rules of an agreement: its total, shares and period, and the abandonment of a case."""

from dataclasses import dataclass
from datetime import date

from services.applications.agreements.models import Abandonment, Agreement, Status
from services.applications.awards.models import Award
from services.applications.cases.domain import refuse_earlier_date
from services.applications.cases.models import Case
from shared.errors import RuleBroken
from shared.events.applications import AgreementSigned, CaseAbandoned
from shared.events.definition import Definition
from shared.values.money import public


@dataclass(frozen=True)
class AgreementTerms:
    """Total (won) and period of an agreement."""

    total_krw: int
    starts_on: date
    ends_on: date


def sign(
    case: Case, award: Award, definition: Definition, terms: AgreementTerms, on: date
) -> tuple[Agreement, AgreementSigned]:
    """Sign an agreement with shares that add up to its total (won); RuleBroken where a limit is exceeded."""
    refuse_earlier_date(award.decided_on, on)
    _refuse_wrong_period(terms)
    _refuse_wrong_total(case, terms)
    shares = definition.split(terms.total_krw)
    _refuse_too_much_support(definition, terms, sum(public(shares).values()))
    fields = {
        "case_id": case.id,
        "total_krw": terms.total_krw,
        "shares_krw": shares,
        "starts_on": terms.starts_on,
        "ends_on": terms.ends_on,
    }
    case_fields = case.model_dump(
        include={"programme_id", "version", "company_id", "year", "track", "municipality"}
    )
    signed = AgreementSigned.model_validate({"occurred_on": on, **case_fields, **fields})
    return Agreement.model_validate({"signed_on": on, **fields}), signed


def refuse_second_agreement(earlier: Agreement | None) -> None:
    if earlier is not None:
        raise RuleBroken(
            "agreement_once",
            ko=f"이 과제는 {earlier.signed_on}에 이미 협약했습니다. 협약 변경은 아직 받지 않습니다. 바꿀 것이 있으면 운영자에게 알리세요.",
            en=f"The agreement was signed on {earlier.signed_on} already. Changes are not taken yet: tell the operator.",
        )


def abandon(
    case: Case, agreement: Agreement | None, reason: str, on: date
) -> tuple[Abandonment, CaseAbandoned]:
    """Record an abandonment and end the agreement, if one was signed."""
    if agreement is not None:
        refuse_earlier_date(agreement.signed_on, on)
        agreement.status = Status.ENDED
    fields = {
        "case_id": case.id,
        "stage": "after_agreement" if agreement else "before_agreement",
        "reason": reason,
    }
    abandoned = {"programme_id": case.programme_id, "occurred_on": on, **fields}
    return Abandonment.model_validate({"abandoned_on": on, **fields}), CaseAbandoned.model_validate(abandoned)


def require_decision(award: Award | None) -> Award:
    """Return the award of a decided case; RuleBroken before the selection."""
    if award is None:
        raise RuleBroken(
            "not_decided",
            ko="아직 선정 전입니다. 신청을 거두려면 취하(withdrawal)로 신청하세요.",
            en="The case has not been decided. Withdraw the application instead.",
        )
    return award


def _refuse_wrong_period(terms: AgreementTerms) -> None:
    if terms.ends_on <= terms.starts_on:
        raise RuleBroken(
            "agreement_period",
            ko=f"협약 종료일 {terms.ends_on}은 시작일 {terms.starts_on} 뒤여야 합니다. 기간을 고치세요.",
            en=f"The agreement must end after it starts ({terms.starts_on}).",
        )


def _refuse_wrong_total(case: Case, terms: AgreementTerms) -> None:
    if not 0 < terms.total_krw <= case.total_krw:
        raise RuleBroken(
            "agreement_total",
            ko=f"협약 총사업비는 1원 이상, 신청한 {case.total_krw:,}원 이하여야 합니다. 금액을 고치세요.",
            en=f"The agreed total must be at least 1 and at most the {case.total_krw:,} won applied for.",
        )


def _refuse_too_much_support(definition: Definition, terms: AgreementTerms, support_krw: int) -> None:
    """Check the limit to the won: a remainder that falls to a public funder counts as support."""
    limit = definition.max_support
    if limit is not None and support_krw * limit.denominator > terms.total_krw * limit.numerator:
        raise RuleBroken(
            "max_support",
            ko=f"공공 지원 {support_krw:,}원이 총사업비의 {limit.text}를 넘습니다. 나누어떨어지는 금액으로 협약하거나 나머지를 맡을 재원을 자부담으로 바꾸세요.",
            en=f"The public support of {support_krw:,} won exceeds {limit.text} of the total. Agree on a total that divides evenly.",
        )
