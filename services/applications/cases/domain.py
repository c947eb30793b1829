"""The rules of an application: who may apply, what for, and what the screening makes of it."""

from dataclasses import dataclass
from datetime import date

from uuid_utils.compat import uuid7

from services.applications.cases.models import Case, Screening, Status
from services.applications.companies.domain import refuse_closed
from services.applications.companies.models import Company
from services.applications.rounds.domain import key_of
from services.applications.rounds.models import Round
from shared.errors import RuleBroken
from shared.events.applications import ApplicationScreened, ApplicationSubmitted, ApplicationWithdrawn
from shared.events.definition import Definition
from shared.values import municipalities
from shared.values.money import public

NEXT = {
    Status.SUBMITTED: {Status.ELIGIBLE, Status.INELIGIBLE, Status.WITHDRAWN},
    Status.ELIGIBLE: {Status.WITHDRAWN, Status.DECIDED},
    Status.INELIGIBLE: {Status.DECIDED},
}
STATUS_KO = {
    Status.SUBMITTED: "접수",
    Status.ELIGIBLE: "요건 적합",
    Status.INELIGIBLE: "요건 부적합",
    Status.WITHDRAWN: "취하",
    Status.DECIDED: "선정 결과 확정",
}


@dataclass(frozen=True)
class Plan:
    """What the company wants to build: in which track, and for how much in all (won)."""

    track: str | None
    total_krw: int


def submit(
    call: Round, terms: Definition, company: Company, plan: Plan, *, receipt_number: str, on: date
) -> tuple[Case, ApplicationSubmitted]:
    """An application through the round's window."""
    _refuse_unfit_track(call, terms, plan.track)
    _refuse_above_cap(terms, plan)
    return _file(call, terms, company, plan, receipt_number=receipt_number, on=on)


def open_for_ministry(
    call: Round, terms: Definition, company: Company, plan: Plan, *, receipt_number: str, on: date
) -> tuple[Case, ApplicationSubmitted]:
    """A top-up: the ministry has screened, reviewed and selected already."""
    case, submitted = _file(call, terms, company, plan, receipt_number=receipt_number, on=on)
    case.via, case.status = "ministry", Status.DECIDED
    return case, submitted.model_copy(update={"via": "ministry"})


def screen(case: Case, eligible: bool, reasons: list[str], on: date) -> tuple[Screening, ApplicationScreened]:
    refuse_before(case.submitted_on, on)
    if not eligible and not reasons:
        raise RuleBroken(
            "reasons_needed",
            ko="부적합이면 사유를 하나 이상 적으세요. 기업에 그대로 알립니다.",
            en="An ineligible application needs a reason: the company is told it.",
        )
    move(case, to=Status.ELIGIBLE if eligible else Status.INELIGIBLE)
    row = Screening(case_id=case.id, eligible=eligible, reasons=reasons, screened_on=on)
    said = ApplicationScreened(
        case_id=case.id, programme_id=case.programme_id, eligible=eligible, reasons=reasons, occurred_on=on
    )
    return row, said


def withdraw(case: Case, reason: str, on: date) -> ApplicationWithdrawn:
    """Before the selection; after it a place is given up instead."""
    refuse_before(case.submitted_on, on)
    if case.status == Status.DECIDED:
        raise RuleBroken(
            "withdrawal_too_late",
            ko="선정 결과가 나온 뒤에는 취하할 수 없습니다. 사업 포기(abandonment)로 신청하세요.",
            en="It has been decided. Give up the place (abandonment) instead.",
        )
    move(case, to=Status.WITHDRAWN)
    return ApplicationWithdrawn(
        case_id=case.id, programme_id=case.programme_id, reason=reason, occurred_on=on
    )


def refuse_top_up(terms: Definition) -> None:
    if terms.entry != "application":
        raise RuleBroken(
            "entry_top_up",
            ko="이 사업은 중앙부처가 선정한 기업에만 더해 지원합니다. 중앙부처 사업에 먼저 신청하세요.",
            en="This programme only adds to companies that the ministry selected. Apply to the ministry's programme.",
        )


def refuse_before(since: date, on: date) -> None:
    """What follows from something cannot be dated before it."""
    if on < since:
        raise RuleBroken(
            "before_its_cause",
            ko=f"업무일 {on}이 앞선 단계의 날짜({since})보다 앞섭니다. 날짜를 고치세요.",
            en=f"The business date {on} is before the step that it follows ({since}). Correct it.",
        )


def move(case: Case, to: Status) -> None:
    now = Status(case.status)
    if to not in NEXT.get(now, set()):
        raise RuleBroken(
            "case_status",
            ko=f"과제 {case.receipt_number}은(는) '{STATUS_KO[now]}' 상태라 '{STATUS_KO[to]}'(으)로 바꿀 수 없습니다.",
            en=f"Case {case.receipt_number} is {now} and cannot become {to}.",
        )
    case.status = to


def _file(
    call: Round, terms: Definition, company: Company, plan: Plan, *, receipt_number: str, on: date
) -> tuple[Case, ApplicationSubmitted]:
    refuse_closed(company)
    _refuse_other_municipality(terms, company)
    _refuse_nothing(plan)
    said = {
        "round_id": call.id,
        "programme_id": call.programme_id,
        "year": call.year,
        "company_id": company.id,
        "municipality": company.municipality,
        "receipt_number": receipt_number,
        "track": plan.track,
        "total_krw": plan.total_krw,
        "requested_krw": terms.split(plan.total_krw),
    }
    case = Case.model_validate(
        {"id": uuid7(), "version": call.version, "via": "application", "submitted_on": on, **said}
    )
    return case, ApplicationSubmitted.model_validate({"case_id": case.id, "occurred_on": on, **said})


def _refuse_nothing(plan: Plan) -> None:
    if plan.total_krw <= 0:
        raise RuleBroken(
            "total_needed",
            ko="총사업비는 1원 이상이어야 합니다. 금액을 확인하세요.",
            en="The total must be at least one won.",
        )


def _refuse_other_municipality(terms: Definition, company: Company) -> None:
    if terms.municipalities and company.municipality not in terms.municipalities:
        here = municipalities.name(company.municipality)
        raise RuleBroken(
            "municipality",
            ko=f"{here}({company.municipality})은(는) 이 사업의 대상 시군이 아닙니다. 소재지 시군의 사업을 찾으세요.",
            en=f"{company.municipality} takes no part in this programme. Look for one of your municipality.",
        )


def _refuse_unfit_track(call: Round, terms: Definition, track: str | None) -> None:
    known = {one.id for one in terms.tracks}
    if (track in known) if known else (track is None):
        if key_of(track) in call.quota:
            return
        raise RuleBroken(
            "track_not_called",
            ko=f"이 공고는 {', '.join(sorted(call.quota))} 트랙만 모집합니다. 트랙을 바꾸거나 다음 공고에 신청하세요.",
            en=f"This round calls for {', '.join(sorted(call.quota))} only. Choose one of them.",
        )
    raise RuleBroken(
        "track_unknown",
        ko=f"트랙은 {', '.join(sorted(known)) or '없음(비워 두세요)'} 가운데에서 고르세요. 받은 값: {track}.",
        en=f"The track must be one of {', '.join(sorted(known)) or 'none: leave it out'}; given: {track}.",
    )


def _refuse_above_cap(terms: Definition, plan: Plan) -> None:
    """A track's cap limits the public money of one company; it counts only where the programme states it."""
    cap = next((track.cap_krw for track in terms.tracks if track.id == plan.track), None)
    asked = sum(public(terms.split(plan.total_krw)).values())
    if cap is not None and asked > cap:
        raise RuleBroken(
            "track_cap",
            ko=f"지원금 {asked:,}원이 {plan.track} 트랙의 한도 {cap:,}원을 넘습니다. 총사업비를 줄여 신청하세요.",
            en=f"The support of {asked:,} won exceeds the cap of {cap:,} won of track {plan.track}. Ask for less.",
        )
