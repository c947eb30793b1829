"""Notices: one class a template, with the fields it uses. Amounts are won."""

from datetime import date, timedelta
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from services.notifications.cases.domain import Name
from shared.events.applications import RejectionCause, Via
from shared.values.money import Funder


class Notice(BaseModel):
    """Base class of notices. `deadline`: how long after its event was recorded a notice may still be sent."""

    model_config = ConfigDict(frozen=True)

    template: ClassVar[str]
    deadline: ClassVar[timedelta] = timedelta(days=7)

    company: str
    programme: Name
    programme_short: Name
    office: Name
    receipt_number: str


class Standing(BaseModel):
    """The standing of an application among those ranked with it; `score` is an exact fraction such as 250/3."""

    model_config = ConfigDict(frozen=True)

    rank: int
    applications: int
    score: str
    reviews: int


class ApplicationReceived(Notice):
    template: ClassVar[str] = "application_received"
    via: Literal["application", "ministry"]
    submitted_on: date
    track: Name | None
    total_krw: int
    requested_krw: int


class ScreenedOut(Notice):
    template: ClassVar[str] = "screened_out"
    screened_on: date
    reasons: list[str]


class Selected(Notice):
    template: ClassVar[str] = "selected"
    selected_on: date
    via: Via
    track: Name | None
    standing: Standing | None = None


class Reserved(Notice):
    template: ClassVar[str] = "reserved"
    decided_on: date
    track: Name | None
    rank: int
    standing: Standing | None = None
    reserve_number: int | None = None


class Rejected(Notice):
    template: ClassVar[str] = "rejected"
    decided_on: date
    cause: RejectionCause | None = None
    findings: list[str] = []


class AgreementSigned(Notice):
    template: ClassVar[str] = "agreement_signed"
    signed_on: date
    starts_on: date
    ends_on: date
    total_krw: int
    self_krw: int
    shares_krw: dict[Funder, int]


class SelfContributionConfirmed(Notice):
    template: ClassVar[str] = "self_contribution_confirmed"
    confirmed_on: date
    amount_krw: int


class TrancheDisbursed(Notice):
    template: ClassVar[str] = "tranche_disbursed"
    disbursed_on: date
    number: int
    tranche: Name
    amount_krw: int
    shares_krw: dict[Funder, int]


class TrancheFailed(Notice):
    template: ClassVar[str] = "tranche_failed"
    failed_on: date
    number: int
    tranche: Name
    amount_krw: int
    reason: str


class MilestoneDueSoon(Notice):
    """Reminder of a due date. Its deadline is a day: sent later, "one day is left" would be wrong."""

    template: ClassVar[str] = "milestone_due_soon"
    deadline: ClassVar[timedelta] = timedelta(days=1)
    milestone: Name
    due_on: date
    days_left: int


class MilestoneMissed(Notice):
    template: ClassVar[str] = "milestone_missed"
    milestone: Name
    due_on: date


class Completed(Notice):
    template: ClassVar[str] = "completed"
    completed_on: date
    milestone: Name
    report_by: date


class Abandoned(Notice):
    template: ClassVar[str] = "abandoned"
    abandoned_on: date
    stage: Literal["before_agreement", "after_agreement"]
    reason: str


NOTICES: dict[str, type[Notice]] = {notice.template: notice for notice in Notice.__subclasses__()}
