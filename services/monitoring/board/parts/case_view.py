"""Views of the page of one case (과제) and of the list of cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from services.monitoring.figures.figure import Figure
from services.monitoring.projections.case_states import CaseStatus
from shared.values.money import Funder
from shared.web.ui.values import DateRange, State, Text

Service = Literal["applications", "funding", "monitoring", "notifications"]
TrancheState = Literal[
    "scheduled",
    "ready",
    "requested",
    "approved",
    "rejected",
    "instructed",
    "disbursed",
    "failed",
    "unconfirmed",
    "held",
]
MilestoneState = Literal["scheduled", "due_soon", "reported", "achieved", "missed"]
MessageState = Literal["queued", "sent", "delivered", "failed", "unknown"]
Channel = Literal["email", "sms"]
SelectionPath = Literal["ranking", "reserve", "ministry"]
BusinessState = Literal["operating", "suspended", "closed", "unknown"]
PaymentRole = Literal["requester", "approver", "payer"]  # 담당자(기안), 재무관(승인), 지출원(지급)

TEXT_FAMILIES = {
    "service": Service,
    "status": CaseStatus,
    "tranche": TrancheState,
    "milestone": MilestoneState,
    "message": MessageState,
    "channel": Channel,
    "via": SelectionPath,
    "business": BusinessState,
    "role": PaymentRole,
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event of any service, shown as a sentence.

    `event_name` has no prefix and version (`agreement.signed`); it is the key of the text, whose parameters are in
    `params`. `details` are the keys of the sentences of its second line, where they are not the one of its name.
    `amount_krw` is the event's total in won.
    """

    occurred_on: date
    recorded_at: datetime  # aware; shown in Asia/Seoul
    service: Service
    event_name: str
    event_id: str
    params: Mapping[str, object] = field(default_factory=dict)
    details: tuple[str, ...] | None = None
    amount_krw: int | None = None
    case_id: str | None = None  # set where entries of several cases are listed together
    company: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedEntry:
    """A milestone or tranche that is due after the as-of date."""

    due_on: date
    service: Service
    name: Text
    amount_krw: int | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """The company of a case, without persons and contacts."""

    name: str
    business_number_masked: str  # 123-**-***01
    municipality: Text | None = None
    status: BusinessState = "unknown"
    status_checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class FunderShare:
    """A funder's share of the agreement and of each tranche, in exact won."""

    funder: Funder
    share: int | None
    agreed_krw: int
    tranches_krw: tuple[
        int, ...
    ]  # in the order of CaseView.tranches; empty for `self`, which the company spends itself


@dataclass(frozen=True, slots=True)
class PaymentStep:
    """One of the three steps of a payment: the person and the day."""

    role: PaymentRole
    actor_id: str
    occurred_on: date


@dataclass(frozen=True, slots=True)
class Tranche:
    """An instalment of the public money, in won."""

    number: int
    name: Text  # 선금, 잔금
    state: TrancheState
    amount_krw: int
    due_on: date | None
    steps: tuple[PaymentStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone, its due date, and the date on which it was reached."""

    name: Text
    due_on: date
    state: MilestoneState
    achieved_on: date | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the company, without its address."""

    sent_on: date
    channel: Channel
    template: Text
    state: MessageState


@dataclass(frozen=True, slots=True)
class Selection:
    """The selection of a case: how it was selected, its rank and score."""

    via: SelectionPath
    rank: int | None = None
    score: str | None = None  # the mean of the totals, an exact fraction such as 250/3


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case over all services, as of a business date."""

    number: str  # the reference number, or the other system's number
    status: CaseStatus
    company: Company
    programme_id: str
    programme_name: Text
    year: int  # of its round or past result
    track: str | None = None
    track_name: Text | None = None  # what the company builds
    selection: Selection | None = None
    agreement: DateRange | None = None
    total_krw: int | None = None
    public_krw: int | None = None
    self_krw: int | None = None
    disbursed_krw: int | None = 0  # None where a past result does not say
    funder_shares: tuple[
        FunderShare, ...
    ] = ()  # one a funder, in the order of the definition; the template adds the total
    split_note: Text | None = None  # rounding unit and who has the remainder
    tranches: tuple[Tranche, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    messages: tuple[Message, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()  # oldest first
    expected: tuple[ExpectedEntry, ...] = ()  # soonest first


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A row of the list of cases; money in won."""

    case_id: str
    number: str
    company: str
    municipality: Text | None
    programme_name: Text
    track: str | None
    year: int
    status: CaseStatus
    agreed_krw: int | None
    disbursed_krw: int | None  # None where a past result does not say
    next_due: date | None = None
    next_name: Text | None = None


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Filter of the list, as given in the address. `q` is a part of a company's name or of a case's number."""

    programme: str | None = None
    year: int | None = None
    status: CaseStatus | None = None
    track: str | None = None
    q: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a filter: its value in the address, and its text."""

    value: str
    text: Text


@dataclass(frozen=True, slots=True)
class CasesView:
    """A page of the list of cases, and its filter."""

    rows: tuple[CaseRow, ...]
    total: Figure  # how many match the filter, not how many this page shows
    programmes: tuple[Choice, ...]
    years: tuple[int, ...]
    statuses: tuple[CaseStatus, ...]
    case_filter: CaseFilter
    page_count: int = 1


STATUS_STATE: Mapping[CaseStatus, State] = {
    "applied": "info",
    "screened": "info",
    "ineligible": "hold",
    "reserved": "planned",
    "rejected": "hold",
    "selected": "info",
    "agreed": "info",
    "in_progress": "info",
    "completed": "ok",
    "abandoned": "hold",
    "withdrawn": "hold",
    "recorded": "ok",
}
