"""Rules of an application: eligibility to apply, the support requested, screening and withdrawal."""

from dataclasses import dataclass
from datetime import date

from uuid_utils.compat import uuid7

from services.applications.cases.models import Case, Screening, Status
from services.applications.companies.domain import refuse_closed
from services.applications.companies.models import Company
from services.applications.rounds.domain import quota_key
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
class Project:
    """Project that a company applies for: its track and its total cost (won)."""

    track: str | None
    total_krw: int


def submit(
    round: Round, definition: Definition, company: Company, project: Project, *, receipt_number: str, on: date
) -> tuple[Case, ApplicationSubmitted]:
    """Create the case of an application to the round; RuleBroken where a condition is not met."""
    _refuse_unavailable_track(round, definition, project.track)
    _refuse_above_cap(definition, project)
    return _create_case(round, definition, company, project, receipt_number=receipt_number, on=on)


def open_for_ministry(
    round: Round, definition: Definition, company: Company, project: Project, *, receipt_number: str, on: date
) -> tuple[Case, ApplicationSubmitted]:
    """Create a top-up case, already decided: the ministry has screened, reviewed and selected the company."""
    case, submitted = _create_case(round, definition, company, project, receipt_number=receipt_number, on=on)
    case.via, case.status = "ministry", Status.DECIDED
    return case, submitted.model_copy(update={"via": "ministry"})


def screen(case: Case, eligible: bool, reasons: list[str], on: date) -> tuple[Screening, ApplicationScreened]:
    """Record the screening of an application; RuleBroken for an ineligible one without reasons."""
    refuse_earlier_date(case.submitted_on, on)
    if not eligible and not reasons:
        raise RuleBroken(
            "reasons_needed",
            ko="부적합이면 사유를 하나 이상 적으세요. 기업에 그대로 알립니다.",
            en="An ineligible application needs a reason: the company is told it.",
        )
    transition(case, to=Status.ELIGIBLE if eligible else Status.INELIGIBLE)
    screening = Screening(case_id=case.id, eligible=eligible, reasons=reasons, screened_on=on)
    screened = ApplicationScreened(
        case_id=case.id, programme_id=case.programme_id, eligible=eligible, reasons=reasons, occurred_on=on
    )
    return screening, screened


def withdraw(case: Case, reason: str, on: date) -> ApplicationWithdrawn:
    """Withdraw an application before the selection; after it the award is relinquished instead."""
    refuse_earlier_date(case.submitted_on, on)
    if case.status == Status.DECIDED:
        raise RuleBroken(
            "withdrawal_too_late",
            ko="선정 결과가 나온 뒤에는 취하할 수 없습니다. 사업 포기(abandonment)로 신청하세요.",
            en="It has been decided. Give up the place (abandonment) instead.",
        )
    transition(case, to=Status.WITHDRAWN)
    return ApplicationWithdrawn(
        case_id=case.id, programme_id=case.programme_id, reason=reason, occurred_on=on
    )


def refuse_top_up(definition: Definition) -> None:
    """Raise RuleBroken for a programme whose companies are selected by the ministry."""
    if definition.entry != "application":
        raise RuleBroken(
            "entry_top_up",
            ko="이 사업은 중앙부처가 선정한 기업에만 더해 지원합니다. 중앙부처 사업에 먼저 신청하세요.",
            en="This programme only adds to companies that the ministry selected. Apply to the ministry's programme.",
        )


def refuse_earlier_date(earliest: date, on: date) -> None:
    """Raise RuleBroken for a business date before that of the preceding step."""
    if on < earliest:
        raise RuleBroken(
            "before_its_cause",
            ko=f"업무일 {on}이 앞선 단계의 날짜({earliest})보다 앞섭니다. 날짜를 고치세요.",
            en=f"The business date {on} is before the step that it follows ({earliest}). Correct it.",
        )


def transition(case: Case, to: Status) -> None:
    """Set the status; RuleBroken where NEXT does not allow the transition."""
    now = Status(case.status)
    if to not in NEXT.get(now, set()):
        raise RuleBroken(
            "case_status",
            ko=f"과제 {case.receipt_number}은(는) '{STATUS_KO[now]}' 상태라 '{STATUS_KO[to]}'(으)로 바꿀 수 없습니다.",
            en=f"Case {case.receipt_number} is {now} and cannot become {to}.",
        )
    case.status = to


def _create_case(
    round: Round, definition: Definition, company: Company, project: Project, *, receipt_number: str, on: date
) -> tuple[Case, ApplicationSubmitted]:
    refuse_closed(company)
    _refuse_ineligible_municipality(definition, company)
    _refuse_zero_total(project)
    fields = {
        "round_id": round.id,
        "programme_id": round.programme_id,
        "year": round.year,
        "company_id": company.id,
        "municipality": company.municipality,
        "receipt_number": receipt_number,
        "track": project.track,
        "total_krw": project.total_krw,
        "requested_krw": definition.split(project.total_krw),
    }
    case = Case.model_validate(
        {"id": uuid7(), "version": round.version, "via": "application", "submitted_on": on, **fields}
    )
    return case, ApplicationSubmitted.model_validate({"case_id": case.id, "occurred_on": on, **fields})


def _refuse_zero_total(project: Project) -> None:
    if project.total_krw <= 0:
        raise RuleBroken(
            "total_needed",
            ko="총사업비는 1원 이상이어야 합니다. 금액을 확인하세요.",
            en="The total must be at least one won.",
        )


def _refuse_ineligible_municipality(definition: Definition, company: Company) -> None:
    if definition.municipalities and company.municipality not in definition.municipalities:
        name_ko = municipalities.name(company.municipality)
        raise RuleBroken(
            "municipality",
            ko=f"{name_ko}({company.municipality})은(는) 이 사업의 대상 시군이 아닙니다. 소재지 시군의 사업을 찾으세요.",
            en=f"{company.municipality} takes no part in this programme. Look for one of your municipality.",
        )


def _refuse_unavailable_track(round: Round, definition: Definition, track: str | None) -> None:
    track_ids = {track_definition.id for track_definition in definition.tracks}
    if (track in track_ids) if track_ids else (track is None):
        if quota_key(track) in round.quota:
            return
        raise RuleBroken(
            "track_not_called",
            ko=f"이 공고는 {', '.join(sorted(round.quota))} 트랙만 모집합니다. 트랙을 바꾸거나 다음 공고에 신청하세요.",
            en=f"This round calls for {', '.join(sorted(round.quota))} only. Choose one of them.",
        )
    raise RuleBroken(
        "track_unknown",
        ko=f"트랙은 {', '.join(sorted(track_ids)) or '없음(비워 두세요)'} 가운데에서 고르세요. 받은 값: {track}.",
        en=f"The track must be one of {', '.join(sorted(track_ids)) or 'none: leave it out'}; given: {track}.",
    )


def _refuse_above_cap(definition: Definition, project: Project) -> None:
    """Raise RuleBroken where the public money requested exceeds the cap of the track, if it has one."""
    cap_krw = next((track.cap_krw for track in definition.tracks if track.id == project.track), None)
    support_krw = sum(public(definition.split(project.total_krw)).values())
    if cap_krw is not None and support_krw > cap_krw:
        raise RuleBroken(
            "track_cap",
            ko=f"지원금 {support_krw:,}원이 {project.track} 트랙의 한도 {cap_krw:,}원을 넘습니다. 총사업비를 줄여 신청하세요.",
            en=f"The support of {support_krw:,} won exceeds the cap of {cap_krw:,} won of track {project.track}. Ask for less.",
        )
