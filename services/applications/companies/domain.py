"""The rules of companies: who is registered, what the registry says of it, and who may act for it."""

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
    """What a company is registered with; its business number was checked before."""

    business_number: str
    name_ko: str
    municipality: str
    industry: str = ""
    employees: int | None = None


def register(given: Registration, on: date) -> tuple[Company, CompanyRegistered]:
    if not municipalities.is_valid(given.municipality, on):
        raise RuleBroken(
            "municipality_unknown",
            ko=f"{on}에 쓰이던 시군 코드가 아닙니다: {given.municipality}. 행정표준코드 다섯 자리를 확인하세요.",
            en=f"{given.municipality} was no municipality's code on {on}. Check its five digits.",
        )
    said = asdict(given)
    company = Company.model_validate({"id": uuid7(), **said})
    registered = CompanyRegistered.model_validate({"company_id": company.id, "occurred_on": on, **said})
    return company, registered


def end(company: Company, state: State, on: date) -> CompanyClosed | None:
    """What the registry says of the business; nothing where that is known."""
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
    if company.state != State.OPEN:
        raise RuleBroken(
            "company_closed",
            ko=f"{company.name_ko}은(는) {STATE_KO[State(company.state)]} 상태입니다. 사업을 다시 연 뒤에 신청하세요.",
            en=f"The business is {company.state}. It may apply once it is open again.",
        )


def acting_for(subject: str, roles: frozenset[str]) -> str | None:
    """The company that a token stands for; None for an officer, who acts for all of them."""
    return None if "officer" in roles else subject


def company_of(subject: str) -> UUID:
    """The company that a company's token is about."""
    try:
        return UUID(subject)
    except ValueError as error:
        raise Forbidden(
            "own_company",
            ko="이 계정은 등록된 기업과 이어져 있지 않습니다. 먼저 기업을 등록하세요.",
            en="This account stands for no registered company. Register the company first.",
        ) from error


def refuse_stranger(company_id: UUID, acting_for: str | None) -> None:
    """A company acts for itself only."""
    if acting_for is not None and acting_for != str(company_id):
        raise Forbidden(
            "own_company",
            ko="다른 기업의 일은 할 수 없습니다. 그 기업의 계정으로 하거나 담당자에게 요청하세요.",
            en="This belongs to another company. Use that company's account, or ask the officer.",
        )
