"""Steps of a case, common to all programmes."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from shared.values.calendar import add_months
from tools.demo.actors import Office
from tools.demo.companies import Company
from tools.demo.randomness import add_business_days
from tools.demo.steps import Actor, Call, Publish, Step

TreasuryAnswer = Literal["executed", "rejected", "none"]


@dataclass(frozen=True)
class Case:
    """One company in one round; the steps name it by `placeholder` until its id is known."""

    programme: str
    company: Company
    office: Office

    @property
    def key(self) -> str:
        return f"{self.programme}/{self.company.code}"

    @property
    def placeholder(self) -> str:
        return f"{{case:{self.key}}}"

    def call(
        self, step: str, service: str, path: str, on: date, actor: Actor | None = None, **body: Any
    ) -> Call:
        """Build a command on this case; the actor defaults to the office's officer."""
        return Call(
            key=f"{self.key}/{step}",
            service=service,
            path=f"/cases/{self.placeholder}/{path}",
            actor=actor or self.office.officer,
            body={**body, "occurred_on": on.isoformat()},
        )


@dataclass(frozen=True)
class CaseSteps:
    """The lanes of one case."""

    application: list[Step]
    agreement: list[Step]
    milestones: list[Step]
    payments: list[Step]


def register(company: Company, office: Office, on: date) -> list[Step]:
    """Build the registration of a company and of its recipient for messages."""
    name = f"company:{company.code}"
    registration = Call(
        key=f"{company.code}/register",
        service="applications",
        path="/companies",
        actor=office.officer,
        body={
            "business_number": company.business_number,
            "name_ko": company.name_ko,
            "municipality": company.municipality,
            "occurred_on": on.isoformat(),
        },
        capture={name: "company_id"},
    )
    recipient = Call(
        key=f"{company.code}/recipient",
        service="notifications",
        method="PUT",
        path=f"/recipients/{{{name}}}",
        actor=office.officer,
        body={"email": company.email, "phone": company.phone, "language": "ko"},
    )
    return [registration, recipient]


def apply(case: Case, round_id: str, track: str, total_krw: int, on: date) -> Call:
    return Call(
        key=f"{case.key}/apply",
        service="applications",
        path="/applications",
        actor=case.office.officer,
        body={
            "round_id": round_id,
            "company_id": f"{{company:{case.company.code}}}",
            "track": track,
            "total_krw": total_krw,
            "occurred_on": on.isoformat(),
        },
        capture={f"case:{case.key}": "case_id"},
    )


def sign(case: Case, total_krw: int, months: int, on: date) -> Call:
    return case.call(
        "agreement",
        "applications",
        "agreement",
        on,
        total_krw=total_krw,
        starts_on=on.isoformat(),
        ends_on=add_months(on, months).isoformat(),
    )


def contribute(case: Case, amount_krw: int, on: date) -> Call:
    evidence = f"deposit-{case.company.code}"
    return case.call(
        "self-contribution", "funding", "self-contribution", on, amount_krw=amount_krw, evidence=evidence
    )


def achieve(case: Case, milestone: str, on: date) -> Call:
    evidence = f"report-{case.company.code}-{milestone}"
    path = f"milestones/{milestone}/achievement"
    return case.call(f"achieve-{milestone}", "monitoring", path, on, evidence=evidence)


def pay(case: Case, number: int, on: date, answer: TreasuryAnswer = "executed") -> list[Step]:
    """Build request, approval and instruction of a tranche by three people, and the treasury's answer if any."""
    office, path = case.office, f"tranches/{number}"
    payment, amount = f"payment:{case.key}/{number}", f"amount:{case.key}/{number}"
    approved, instructed = add_business_days(on, 1), add_business_days(on, 2)
    instruct = case.call(f"instruct-{number}", "funding", f"{path}/instruction", instructed, office.payer)
    steps: list[Step] = [
        case.call(f"request-{number}", "funding", f"{path}/request", on),
        case.call(f"approve-{number}", "funding", f"{path}/approval", approved, office.approver),
        replace(instruct, capture={payment: "payment_id", amount: "amount_krw"}),
    ]
    return steps + treasury_answer(case, number, instructed, answer)


def treasury_answer(case: Case, number: int, on: date, answer: TreasuryAnswer) -> list[Step]:
    """Build the treasury's event about a payment; no step where the treasury has not answered."""
    data: dict[str, Any] = {"payment_id": f"{{payment:{case.key}/{number}}}", "occurred_on": on.isoformat()}
    key = f"{case.key}/treasury-{number}"
    if answer == "executed":
        reference = f"T{on:%Y%m%d}-{case.company.code}-{number}"
        paid = {"amount_krw": f"{{amount:{case.key}/{number}}}", "treasury_reference": reference}
        return [Publish(key, "treasury.payment_executed.v1", data | paid)]
    if answer == "rejected":
        return [Publish(key, "treasury.payment_rejected.v1", data | {"reason": "예금주 불일치"})]
    return []
