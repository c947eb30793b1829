"""Published by services/funding."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events import Event, RecordDeadLettered
from shared.events.definition import Code
from shared.values.money import Funder, Krw, Shares


class FundingEvent(Event):
    topic: ClassVar[str] = "ieum.funding"
    source: ClassVar[str] = "/services/funding"
    programme_id: Code


class BudgetAllocated(FundingEvent):
    """예산 편성: won of one funder for one fiscal year; the city's share also names the municipality."""

    name: ClassVar[str] = "budget.allocated.v1"
    fiscal_year: int
    funder: Funder
    municipality: str | None = None
    amount_krw: Krw

    @property
    def subject(self) -> str:
        return f"{self.programme_id}/{self.fiscal_year}"


class CaseFundingEvent(FundingEvent):
    case_id: UUID

    @property
    def subject(self) -> str:
        return str(self.case_id)


class PastSpendingBooked(CaseFundingEvent):
    """A recorded case's money (won by funder), posted in its own year; the company's own share as evidenced."""

    name: ClassVar[str] = "past_spending.booked.v1"
    fiscal_year: int
    amounts_krw: Shares


class YearShares(BaseModel):
    """Won by funder in one fiscal year."""

    model_config = ConfigDict(frozen=True)

    fiscal_year: int
    amounts_krw: Shares


class FundsCommitted(CaseFundingEvent):
    """Public money bound to a case, by the fiscal year in which its tranches fall due."""

    name: ClassVar[str] = "funds.committed.v1"
    company_id: UUID
    years: list[YearShares]


class CommitmentReleased(CaseFundingEvent):
    """What had been committed and not paid is available again."""

    name: ClassVar[str] = "commitment.released.v1"
    years: list[YearShares]


class SelfContributionConfirmed(CaseFundingEvent):
    """자부담: the company's own deposit is evidenced (지방보조금 관리기준 제10조⑥)."""

    name: ClassVar[str] = "self_contribution.confirmed.v1"
    fiscal_year: int
    amount_krw: Krw
    evidence: str


class TrancheEvent(CaseFundingEvent):
    """One instalment of one case: its public money (won by funder), due date and that date's fiscal year."""

    number: Annotated[int, Field(ge=1)]
    fiscal_year: int
    due_on: date
    amounts_krw: Shares

    @property
    def total_krw(self) -> int:
        return sum(self.amounts_krw.values())


class TrancheScheduled(TrancheEvent):
    name: ClassVar[str] = "tranche.scheduled.v1"
    milestone: Code


class TrancheReady(TrancheEvent):
    """All that must come first is there: it can be requested."""

    name: ClassVar[str] = "tranche.ready.v1"


class TrancheRequested(TrancheEvent):
    """기안: by the officer in charge (담당자)."""

    name: ClassVar[str] = "tranche.requested.v1"
    requested_by: str


class TrancheApproved(TrancheEvent):
    """By the 재무관, who is not the requester; the budget is reserved."""

    name: ClassVar[str] = "tranche.approved.v1"
    approved_by: str


class TrancheRejected(TrancheEvent):
    """반려."""

    name: ClassVar[str] = "tranche.rejected.v1"
    rejected_by: str
    reason: str


class TrancheInstructed(TrancheEvent):
    """지급명령: by the 지출원, a third person, to the treasury (금고)."""

    name: ClassVar[str] = "tranche.instructed.v1"
    instructed_by: str
    payment_id: UUID


class TrancheDisbursed(TrancheEvent):
    """The treasury confirmed the payment."""

    name: ClassVar[str] = "tranche.disbursed.v1"
    payment_id: UUID
    treasury_reference: str


class TrancheFailed(TrancheEvent):
    """The treasury rejected the payment; the money is committed again, nothing was paid."""

    name: ClassVar[str] = "tranche.failed.v1"
    payment_id: UUID
    reason: str


class TrancheUnconfirmed(TrancheEvent):
    """The treasury has not answered: neither paid nor unpaid, and never sent again by itself."""

    name: ClassVar[str] = "tranche.unconfirmed.v1"
    payment_id: UUID


class TrancheHeld(TrancheEvent):
    """Stopped, for example because the business is closed."""

    name: ClassVar[str] = "tranche.held.v1"
    reason: str


class FundingRecordDeadLettered(RecordDeadLettered):
    topic: ClassVar[str] = "ieum.funding"
    source: ClassVar[str] = "/services/funding"
