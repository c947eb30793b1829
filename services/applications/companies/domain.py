"""Rules of companies: registration, suspension and closure, and the right to act for a company."""

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from services.applications.companies.models import Company, State
from shared.errors import Forbidden, RuleBroken
from shared.events.applications import CompanyClosed, CompanyRegistered
from shared.values import municipalities

NEXT = {State.OPEN: {State.SUSPENDED, State.CLOSED}, State.SUSPENDED: {State.CLOSED}}
STATE_KO = {State.SUSPENDED: "휴업", State.CLOSED: "폐업"}


@dataclass(frozen=True)
class Registration:
    """Details of a company to be registered; the check digit of its business number was verified before."""

    business_number: str
    name_ko: str
    municipality: str
    industry: str = ""
    employees: int | None = None


def register(registration: Registration, on: date) -> tuple[Company, CompanyRegistered]:
    """Create a company; RuleBroken where its municipality code was not in use on that date."""
    if not municipalities.is_valid(registration.municipality, on):
        raise RuleBroken(
            "municipality_unknown",
            ko=f"{on}에 쓰이던 시군 코드가 아닙니다: {registration.municipality}. 행정표준코드 다섯 자리를 확인하세요.",
            en=f"{registration.municipality} was no municipality's code on {on}. Check its five digits.",
        )
    fields = asdict(registration)
    company = Company.model_validate({"id": uuid7(), **fields})
    registered = CompanyRegistered.model_validate({"company_id": company.id, "occurred_on": on, **fields})
    return company, registered


def record_closure(company: Company, state: State, on: date) -> CompanyClosed | None:
    """Record a suspension or closure that the registry reports; None where it was recorded before."""
    if company.state == state:
        return None
    if state not in NEXT.get(State(company.state), set()):
        raise RuleBroken(
            "company_state",
            ko=f"이미 {STATE_KO[State(company.state)]}한 사업자를 {STATE_KO[state]}(으)로 바꿀 수 없습니다. 등록기관에 확인하세요.",
            en=f"A {company.state} business cannot become {state}. Ask the registry.",
        )
    company.state = state
    return CompanyClosed(company_id=company.id, state=state.value, occurred_on=on)


def refuse_closed(company: Company) -> None:
    """Raise RuleBroken for a company that is suspended or closed."""
    if company.state != State.OPEN:
        raise RuleBroken(
            "company_closed",
            ko=f"{company.name_ko}은(는) {STATE_KO[State(company.state)]} 상태입니다. 사업을 다시 연 뒤에 신청하세요.",
            en=f"The business is {company.state}. It may apply once it is open again.",
        )


def acting_for(subject: str, roles: frozenset[str]) -> str | None:
    """Return the company id to which the caller is limited; None for an officer, who acts for any company."""
    return None if "officer" in roles else subject


def company_id_of(subject: str) -> UUID:
    """Read the company id from the subject of a company's token; Forbidden where it names none."""
    try:
        return UUID(subject)
    except ValueError as error:
        raise Forbidden(
            "own_company",
            ko="이 계정은 등록된 기업과 이어져 있지 않습니다. 먼저 기업을 등록하세요.",
            en="This account stands for no registered company. Register the company first.",
        ) from error


def refuse_other_company(company_id: UUID, acting_for: str | None) -> None:
    """Raise Forbidden where a caller limited to one company acts for another."""
    if acting_for is not None and acting_for != str(company_id):
        raise Forbidden(
            "own_company",
            ko="다른 기업의 일은 할 수 없습니다. 그 기업의 계정으로 하거나 담당자에게 요청하세요.",
            en="This belongs to another company. Use that company's account, or ask the officer.",
        )
