"""Rules of mentoring: weeks of an assignment, and visits by assigned mentors alone."""

from datetime import date

from services.monitoring.cases.domain import Case
from services.monitoring.mentors.models import Assignment, Visit
from shared.errors import RuleBroken
from shared.events.monitoring import MAX_MENTOR_WEEKS, MentorAssigned, MentorVisited


def assign(
    case: Case, existing: Assignment | None, mentor_id: str, weeks: int, on: date
) -> tuple[Assignment, MentorAssigned]:
    if existing is not None:
        raise RuleBroken(
            "mentor_assigned_before",
            ko=f"멘토 {mentor_id}은(는) {existing.assigned_on}부터 이 기업을 맡고 있습니다. 방문만 기록하세요.",
            en=f"Mentor {mentor_id} works with this company since {existing.assigned_on}. Record visits only.",
        )
    if not 1 <= weeks <= MAX_MENTOR_WEEKS:
        raise RuleBroken(
            "mentor_weeks",
            ko=f"멘토는 한 기업에 1~{MAX_MENTOR_WEEKS}주 머뭅니다. {weeks}주를 고쳐서 다시 보내세요.",
            en=f"A mentor stays 1 to {MAX_MENTOR_WEEKS} weeks with a company, not {weeks}. Correct it and send it again.",
        )
    assignment = Assignment(case_id=case.case_id, mentor_id=mentor_id, weeks=weeks, assigned_on=on)
    return assignment, MentorAssigned(
        programme_id=case.programme_id, case_id=case.case_id, mentor_id=mentor_id, weeks=weeks, occurred_on=on
    )


def visit(
    case: Case, assignment: Assignment | None, existing: Visit | None, *, mentor_id: str, work: str, on: date
) -> tuple[Visit, MentorVisited]:
    if assignment is None or on < assignment.assigned_on:
        raise RuleBroken(
            "mentor_not_assigned",
            ko=f"{on}에 멘토 {mentor_id}은(는) 이 기업을 맡고 있지 않습니다. 먼저 멘토를 배정하세요.",
            en=f"Mentor {mentor_id} is not assigned to this company on {on}. Assign the mentor first.",
        )
    if existing is not None:
        raise RuleBroken(
            "visit_recorded_before",
            ko=f"{on}의 방문은 이미 기록되어 있습니다. 날짜를 확인하세요.",
            en=f"The visit of {on} is recorded already. Check the date.",
        )
    row = Visit(case_id=case.case_id, mentor_id=mentor_id, visited_on=on, work=work)
    return row, MentorVisited(
        programme_id=case.programme_id,
        case_id=case.case_id,
        company_id=case.company_id,
        mentor_id=mentor_id,
        work=work,
        occurred_on=on,
    )
