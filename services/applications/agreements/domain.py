"""The rules of an agreement: who signs what for how much, and how it is given up."""

from dataclasses import dataclass
from datetime import date

from services.applications.agreements.models import Abandonment, Agreement, Status
from services.applications.awards.models import Place
from services.applications.cases.domain import refuse_before
from services.applications.cases.models import Case
from shared.errors import RuleBroken
from shared.events.applications import AgreementSigned, CaseAbandoned
from shared.events.definition import Definition
from shared.values.money import public


@dataclass(frozen=True)
class Deal:
    """What is agreed: the total (won) and the period."""

    total_krw: int
    starts_on: date
    ends_on: date


def sign(
    case: Case, place: Place, terms: Definition, deal: Deal, on: date
) -> tuple[Agreement, AgreementSigned]:
    refuse_before(place.decided_on, on)
    _refuse_wrong_period(deal)
    _refuse_wrong_total(case, deal)
    shares = terms.split(deal.total_krw)
    _refuse_too_much_support(terms, deal, sum(public(shares).values()))
    said = {
        "case_id": case.id,
        "total_krw": deal.total_krw,
        "shares_krw": shares,
        "starts_on": deal.starts_on,
        "ends_on": deal.ends_on,
    }
    whose = case.model_dump(
        include={"programme_id", "version", "company_id", "year", "track", "municipality"}
    )
    signed = AgreementSigned.model_validate({"occurred_on": on, **whose, **said})
    return Agreement.model_validate({"signed_on": on, **said}), signed


def refuse_again(before: Agreement | None) -> None:
    if before is not None:
        raise RuleBroken(
            "agreement_once",
            ko=f"이 과제는 {before.signed_on}에 이미 협약했습니다. 협약 변경은 아직 받지 않습니다. 바꿀 것이 있으면 운영자에게 알리세요.",
            en=f"The agreement was signed on {before.signed_on} already. Changes are not taken yet: tell the operator.",
        )


def abandon(
    case: Case, agreement: Agreement | None, reason: str, on: date
) -> tuple[Abandonment, CaseAbandoned]:
    if agreement is not None:
        refuse_before(agreement.signed_on, on)
        agreement.status = Status.ENDED
    said = {
        "case_id": case.id,
        "stage": "after_agreement" if agreement else "before_agreement",
        "reason": reason,
    }
    abandoned = {"programme_id": case.programme_id, "occurred_on": on, **said}
    return Abandonment.model_validate({"abandoned_on": on, **said}), CaseAbandoned.model_validate(abandoned)


def refuse_undecided(place: Place | None) -> Place:
    if place is None:
        raise RuleBroken(
            "not_decided",
            ko="아직 선정 전입니다. 신청을 거두려면 취하(withdrawal)로 신청하세요.",
            en="The case has not been decided. Withdraw the application instead.",
        )
    return place


def _refuse_wrong_period(deal: Deal) -> None:
    if deal.ends_on <= deal.starts_on:
        raise RuleBroken(
            "agreement_period",
            ko=f"협약 종료일 {deal.ends_on}은 시작일 {deal.starts_on} 뒤여야 합니다. 기간을 고치세요.",
            en=f"The agreement must end after it starts ({deal.starts_on}).",
        )


def _refuse_wrong_total(case: Case, deal: Deal) -> None:
    if not 0 < deal.total_krw <= case.total_krw:
        raise RuleBroken(
            "agreement_total",
            ko=f"협약 총사업비는 1원 이상, 신청한 {case.total_krw:,}원 이하여야 합니다. 금액을 고치세요.",
            en=f"The agreed total must be at least 1 and at most the {case.total_krw:,} won applied for.",
        )


def _refuse_too_much_support(terms: Definition, deal: Deal, support_krw: int) -> None:
    """To the won: a remainder that falls to a public funder counts as support."""
    limit = terms.max_support
    if limit is not None and support_krw * limit.denominator > deal.total_krw * limit.numerator:
        raise RuleBroken(
            "max_support",
            ko=f"공공 지원 {support_krw:,}원이 총사업비의 {limit.text}를 넘습니다. 나누어떨어지는 금액으로 협약하거나 나머지를 맡을 재원을 자부담으로 바꾸세요.",
            en=f"The public support of {support_krw:,} won exceeds {limit.text} of the total. Agree on a total that divides evenly.",
        )
