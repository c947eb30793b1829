"""The steps that a case goes through, whatever its programme."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from shared.values.calendar import add_months
from tools.demo.actors import Office
from tools.demo.companies import Company
from tools.demo.randomness import later
from tools.demo.steps import Actor, Call, Publish, Step

Answer = Literal["executed", "rejected", "none"]


@dataclass(frozen=True)
class Case:
    """One company in one round; the steps name it by `ref` until its id is known."""

    programme: str
    company: Company
    office: Office

    @property
    def key(self) -> str:
        return f"{self.programme}/{self.company.code}"

    @property
    def ref(self) -> str:
        return f"{{case:{self.key}}}"

    def call(
        self, step: str, service: str, path: str, on: date, actor: Actor | None = None, **body: Any
    ) -> Call:
        """A command on this case, by the officer in charge unless somebody else acts."""
        return Call(
            key=f"{self.key}/{step}",
            service=service,
            path=f"/cases/{self.ref}/{path}",
            actor=actor or self.office.officer,
            body={**body, "occurred_on": on.isoformat()},
        )


@dataclass(frozen=True)
class Course:
    """The steps of one case, by the chapter that they stand in."""

    applies: list[Step]
    agrees: list[Step]
    builds: list[Step]
    is_paid: list[Step]


def register(company: Company, office: Office, on: date) -> list[Step]:
    """The company, and where it is to be told."""
    name = f"company:{company.code}"
    known = Call(
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
        keep={name: "company_id"},
    )
    told = Call(
        key=f"{company.code}/recipient",
        service="notifications",
        method="PUT",
        path=f"/recipients/{{{name}}}",
        actor=office.officer,
        body={"email": company.email, "phone": company.phone, "language": "ko"},
    )
    return [known, told]


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
        keep={f"case:{case.key}": "case_id"},
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


def pay(case: Case, number: int, on: date, answer: Answer = "executed") -> list[Step]:
    """Requested on that day, approved and instructed by two others; then the treasury answers, or does not."""
    office, path = case.office, f"tranches/{number}"
    payment, amount = f"payment:{case.key}/{number}", f"amount:{case.key}/{number}"
    approved, instructed = later(on, 1), later(on, 2)
    instruct = case.call(f"instruct-{number}", "funding", f"{path}/instruction", instructed, office.payer)
    keep = {payment: "payment_id", amount: "amount_krw"}
    steps: list[Step] = [
        case.call(f"request-{number}", "funding", f"{path}/request", on),
        case.call(f"approve-{number}", "funding", f"{path}/approval", approved, office.approver),
        replace(instruct, keep=keep),
    ]
    return steps + treasury(case, number, instructed, answer)


def treasury(case: Case, number: int, on: date, answer: Answer) -> list[Step]:
    """What the treasury says of the payment: it alone knows."""
    said: dict[str, Any] = {"payment_id": f"{{payment:{case.key}/{number}}}", "occurred_on": on.isoformat()}
    key = f"{case.key}/treasury-{number}"
    if answer == "executed":
        reference = f"T{on:%Y%m%d}-{case.company.code}-{number}"
        paid = {"amount_krw": f"{{amount:{case.key}/{number}}}", "treasury_reference": reference}
        return [Publish(key, "treasury.payment_executed.v1", said | paid)]
    if answer == "rejected":
        return [Publish(key, "treasury.payment_rejected.v1", said | {"reason": "예금주 불일치"})]
    return []
