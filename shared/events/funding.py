"""Events of the funding service: budgets, commitments and tranches."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events import Event, RecordDeadLettered
from shared.events.definition import BusinessState, Code
from shared.values.money import Funder, Krw, Shares


class FundingEvent(Event):
    """Base of the events about a programme's money."""

    topic: ClassVar[str] = "ieum.funding"
    source: ClassVar[str] = "/services/funding"
    programme_id: Code


class BudgetAllocated(FundingEvent):
    """A budget (예산) was allocated: won of one funder for one fiscal year; a city's share names its municipality."""

    name: ClassVar[str] = "budget.allocated.v1"
    fiscal_year: int
    funder: Funder
    municipality: str | None = None
    amount_krw: Krw

    @property
    def subject(self) -> str:
        return f"{self.programme_id}/{self.fiscal_year}"


class CaseFundingEvent(FundingEvent):
    """Base of the events about a case's money."""

    case_id: UUID

    @property
    def subject(self) -> str:
        return str(self.case_id)


class PastSpendingBooked(CaseFundingEvent):
    """A past result's spending (won by funder) was posted in its own year, the self-contribution as evidenced."""

    name: ClassVar[str] = "past_spending.booked.v1"
    fiscal_year: int
    amounts_krw: Shares


class YearShares(BaseModel):
    """Won by funder in one fiscal year."""

    model_config = ConfigDict(frozen=True)

    fiscal_year: int
    amounts_krw: Shares


class FundsCommitted(CaseFundingEvent):
    """Public money was committed to a case, by the fiscal year in which its tranches fall due."""

    name: ClassVar[str] = "funds.committed.v1"
    company_id: UUID
    years: list[YearShares]


class CommitmentReleased(CaseFundingEvent):
    """A commitment was released: the money not yet paid is available again, by fiscal year."""

    name: ClassVar[str] = "commitment.released.v1"
    years: list[YearShares]


class SelfContributionConfirmed(CaseFundingEvent):
    """The self-contribution (자부담) was confirmed by evidence of the company's deposit (지방보조금 관리기준 제10조⑥)."""

    name: ClassVar[str] = "self_contribution.confirmed.v1"
    fiscal_year: int
    amount_krw: Krw
    evidence: str


class TrancheEvent(CaseFundingEvent):
    """Base of the events about a tranche: its public money (won by funder), due date and that date's fiscal year."""

    number: Annotated[int, Field(ge=1)]
    fiscal_year: int
    due_on: date
    amounts_krw: Shares

    @property
    def total_krw(self) -> int:
        return sum(self.amounts_krw.values())


class TrancheScheduled(TrancheEvent):
    """A tranche was scheduled; it is due with its milestone."""

    name: ClassVar[str] = "tranche.scheduled.v1"
    milestone: Code


class TrancheReady(TrancheEvent):
    """Every prerequisite of the tranche is met; it can be requested."""

    name: ClassVar[str] = "tranche.ready.v1"


class TrancheRequested(TrancheEvent):
    """The officer in charge (담당자) requested the tranche (기안)."""

    name: ClassVar[str] = "tranche.requested.v1"
    requested_by: str


class TrancheApproved(TrancheEvent):
    """The approver (재무관), another person than the requester, approved the tranche; the budget is reserved."""

    name: ClassVar[str] = "tranche.approved.v1"
    approved_by: str


class TrancheRejected(TrancheEvent):
    """The request of the tranche was rejected (반려)."""

    name: ClassVar[str] = "tranche.rejected.v1"
    rejected_by: str
    reason: str


class TrancheInstructed(TrancheEvent):
    """The payer (지출원), a third person, instructed the treasury (금고) to pay the tranche (지급명령)."""

    name: ClassVar[str] = "tranche.instructed.v1"
    instructed_by: str
    payment_id: UUID


class TrancheDisbursed(TrancheEvent):
    """The treasury confirmed the payment of the tranche."""

    name: ClassVar[str] = "tranche.disbursed.v1"
    payment_id: UUID
    treasury_reference: str


class TrancheFailed(TrancheEvent):
    """The treasury rejected the payment: nothing was paid, and the money is committed again.

    `reason`: the treasury's own words.
    """

    name: ClassVar[str] = "tranche.failed.v1"
    payment_id: UUID
    reason: str


class TrancheUnconfirmed(TrancheEvent):
    """The treasury has not answered in time: the outcome is unknown, and the payment is never sent again by itself."""

    name: ClassVar[str] = "tranche.unconfirmed.v1"
    payment_id: UUID


class TrancheHeld(TrancheEvent):
    """The tranche was put on hold, because the business is suspended or closed."""

    name: ClassVar[str] = "tranche.held.v1"
    reason: BusinessState


class FundingRecordDeadLettered(RecordDeadLettered):
    """The funding service dead-lettered a record: its position and the broken rule, never its content."""

    topic: ClassVar[str] = "ieum.funding"
    source: ClassVar[str] = "/services/funding"
