"""Events of the applications service: programmes, rounds, companies and cases."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.events import Event, RecordDeadLettered
from shared.events.definition import BusinessState, Code, Count, Definition, Proposal, TrackId
from shared.values.business_number import BusinessNumber
from shared.values.money import Krw, Shares

Score = Annotated[str, StringConstraints(pattern=r"^\d+(/\d+)?$")]
Rank = Annotated[int, Field(ge=1)]
Via = Literal["ranking", "reserve", "ministry"]
RejectionCause = Literal["ineligible", "suspended", "closed"]
RecordStatus = Literal["completed", "in_progress"]


class ApplicationsEvent(Event):
    """Base of the events of the applications service."""

    source: ClassVar[str] = "/services/applications"


class ProgrammeEvent(ApplicationsEvent):
    """Base of the events about a programme or its rounds."""

    topic: ClassVar[str] = "ieum.programmes"
    programme_id: Code

    @property
    def subject(self) -> str:
        return self.programme_id


class ProgrammeProposed(ProgrammeEvent):
    """A draft of a programme was sent out for consultation."""

    name: ClassVar[str] = "programme.proposed.v1"
    proposal: Proposal


class ProgrammePublished(ProgrammeEvent):
    """A new version of a programme's full definition was published; it holds from `occurred_on`."""

    name: ClassVar[str] = "programme.published.v1"
    version: Annotated[int, Field(ge=1)]
    definition: Definition


class RoundOpened(ProgrammeEvent):
    """A round (공고) was opened: its window and its quota by track."""

    name: ClassVar[str] = "round.opened.v1"
    round_id: Code
    year: int
    name_ko: str
    opens_on: date
    closes_on: date
    quota: dict[TrackId, Count]


class RoundClosed(ProgrammeEvent):
    """A round was closed: it takes no more applications."""

    name: ClassVar[str] = "round.closed.v1"
    round_id: Code
    year: int


class RoundAgreed(ProgrammeEvent):
    """The yearly agreement with the executing agency was signed; an indicator counts these."""

    name: ClassVar[str] = "round.agreed.v1"
    round_id: Code
    year: int
    agency_ko: str


class CompanyEvent(ApplicationsEvent):
    """Base of the events about a company."""

    topic: ClassVar[str] = "ieum.companies"
    company_id: UUID

    @property
    def subject(self) -> str:
        return str(self.company_id)


class CompanyRegistered(CompanyEvent):
    """A company was registered, never a person: no contacts here or anywhere on a topic."""

    name: ClassVar[str] = "company.registered.v1"
    business_number: BusinessNumber
    name_ko: str
    municipality: str
    industry: str = ""
    employees: Count | None = None


class CompanyClosed(CompanyEvent):
    """The business registry reported the company as suspended (휴업) or closed (폐업)."""

    name: ClassVar[str] = "company.closed.v1"
    state: BusinessState


class CaseEvent(ApplicationsEvent):
    """Base of the events about a case."""

    topic: ClassVar[str] = "ieum.applications"
    case_id: UUID
    programme_id: Code

    @property
    def subject(self) -> str:
        return str(self.case_id)


class CaseRecorded(CaseEvent):
    """A past result was taken over from another system's record; amounts are won by funder."""

    name: ClassVar[str] = "case.recorded.v1"
    system: str
    record_id: str
    company_name_ko: str
    municipality: str
    track: TrackId | None = None
    year_from: int
    year_to: int
    status: RecordStatus
    amounts_krw: Shares = {}


class ApplicationSubmitted(CaseEvent):
    """A company applied in a round, and its case began; `via` is `ministry` where a ministry's selection opened it."""

    name: ClassVar[str] = "application.submitted.v1"
    round_id: Code
    year: int
    company_id: UUID
    municipality: str
    receipt_number: str
    track: TrackId | None = None
    total_krw: Krw
    requested_krw: Shares
    via: Literal["application", "ministry"] = "application"


class ApplicationWithdrawn(CaseEvent):
    """The company withdrew its application (취하) before selection."""

    name: ClassVar[str] = "application.withdrawn.v1"
    reason: str


class ApplicationScreened(CaseEvent):
    """The application was screened (요건검토): whether the company may take part, and why not."""

    name: ClassVar[str] = "application.screened.v1"
    eligible: bool
    reasons: list[str] = []


class ReviewSubmitted(CaseEvent):
    """A reviewer scored the case by criterion, or stated a conflict of interest (이해충돌)."""

    name: ClassVar[str] = "review.submitted.v1"
    reviewer_id: str
    scores: dict[Code, Count]
    conflict_of_interest: bool


class TieBreak(BaseModel):
    """A tie-break between equal scores: by the mean of a criterion of the review, or at last by business number."""

    model_config = ConfigDict(frozen=True)

    rule: Literal["criterion_mean", "business_number"]
    criterion: Code | None = None


class Ranking(BaseModel):
    """The grounds of a rank: applications ranked together, quota, reviews counted, and the tie-breaks that were needed.

    They were ranked within the case's track, within the whole round where it has none. `trimmed`: the highest and the
    lowest review were left out.
    """

    model_config = ConfigDict(frozen=True)

    applications: Rank
    quota: Count
    reviews: Rank
    trimmed: bool
    tie_breaks: list[TieBreak] = []


class Selection(CaseEvent):
    """Base of the outcomes of a round's selection."""

    round_id: Code
    year: int
    track: TrackId | None = None


class CompanySelected(Selection):
    """The company was selected and holds an award; `score` is an exact fraction such as 250/3.

    `predecessor_receipt_number`: the case whose award it takes over, where it comes from the waiting list.
    """

    name: ClassVar[str] = "company.selected.v2"
    via: Via
    rank: Rank | None = None
    score: Score | None = None
    ranking: Ranking | None = None
    predecessor_receipt_number: str | None = None


class CompanyReserved(Selection):
    """The company was put on the waiting list, which is promoted in rank order when an award is relinquished."""

    name: ClassVar[str] = "company.reserved.v2"
    rank: Rank
    score: Score
    ranking: Ranking | None = None


class CompanyRejected(Selection):
    """The company was not selected; no rank where it was not ranked.

    `findings`: what the screening found against an ineligible application, as the officer typed it.
    """

    name: ClassVar[str] = "company.rejected.v2"
    rank: Rank | None = None
    score: Score | None = None
    cause: RejectionCause | None = None
    findings: list[str] = []


class AgreementSigned(CaseEvent):
    """The agreement (협약) was signed: the total (won), its exact split by funder, and the period.

    `version` is the version of the definition that holds for the case, which is its round's.
    """

    name: ClassVar[str] = "agreement.signed.v1"
    version: Annotated[int, Field(ge=1)]
    company_id: UUID
    year: int
    track: TrackId | None = None
    municipality: str
    total_krw: Krw
    shares_krw: Shares
    starts_on: date
    ends_on: date


class CaseAbandoned(CaseEvent):
    """The company relinquished its award (포기), before or after the agreement."""

    name: ClassVar[str] = "case.abandoned.v1"
    stage: Literal["before_agreement", "after_agreement"]
    reason: str


class ApplicationsRecordDeadLettered(ApplicationsEvent, RecordDeadLettered):
    """The applications service dead-lettered a record: its position and the broken rule, never its content."""

    topic: ClassVar[str] = "ieum.applications"
