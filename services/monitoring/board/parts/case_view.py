"""What the page of one case (과제) and the list of cases show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from services.monitoring.board.parts.values import Figure, Service, State, Text, Window
from shared.values.money import Funder

CaseStatus = Literal[
    "applied",
    "screened",
    "ineligible",
    "reserved",
    "rejected",
    "selected",
    "agreed",
    "in_progress",
    "completed",
    "abandoned",
    "withdrawn",
    "recorded",
]
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
PaymentRole = Literal["requester", "approver", "payer"]  # 담당자(기안), 재무관(승인), 지출원(지급)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event of any service, told as a sentence.

    `sentence` is the event's name without prefix and version (`agreement.signed`), the key of its text;
    `params` fill it (see i18n: a text names what it needs). `amount_krw` is the event's sum in won.
    """

    occurred_on: date
    recorded_at: datetime  # aware; shown in Asia/Seoul
    service: Service
    sentence: str
    event_id: str
    params: Mapping[str, object] = field(default_factory=dict)
    amount_krw: int | None = None
    case_id: str | None = None  # set where entries of several cases stand together
    company: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedEntry:
    """What is due after the as-of date: a milestone or a tranche."""

    due_on: date
    service: Service
    name: Text
    amount_krw: int | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """The company of a case; no person, no contact."""

    name: str
    business_number_masked: str  # 123-**-***01
    municipality: Text | None = None
    status: Literal["operating", "suspended", "closed", "unknown"] = "unknown"
    status_checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Purse:
    """One funder's part of the agreement and of each tranche, in exact won."""

    funder: Funder
    share: int | None
    agreed_krw: int
    tranches_krw: tuple[
        int, ...
    ]  # in the order of CaseView.tranches; empty for `self`, which the company spends


@dataclass(frozen=True, slots=True)
class PaymentStep:
    """Who did one of the three steps of a payment, and on which day."""

    role: PaymentRole
    actor_id: str
    occurred_on: date


@dataclass(frozen=True, slots=True)
class Tranche:
    """One instalment of the public money, in won."""

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
    """A message to the company; never its address."""

    sent_on: date
    channel: Literal["email", "sms"]
    template: Text
    state: MessageState


@dataclass(frozen=True, slots=True)
class Selection:
    """How the case got, or did not get, its place."""

    via: Literal["ranking", "reserve", "ministry"]
    rank: int | None = None
    score: str | None = None  # the mean of the totals, an exact fraction such as 250/3


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case over all services, as of a business date."""

    number: str  # the receipt number, or the other system's number
    status: CaseStatus
    company: Company
    programme_id: str
    programme_name: Text
    year: int  # its round's, or its record's
    track: str | None = None
    builds: Text | None = None  # what the company builds: its track's name
    selection: Selection | None = None
    agreement: Window | None = None
    total_krw: int | None = None
    public_krw: int | None = None
    self_krw: int | None = None
    disbursed_krw: int = 0
    purses: tuple[
        Purse, ...
    ] = ()  # one a funder, in the order of the definition; `all` is computed by the page
    split_note: Text | None = None  # rounding unit and who has the remainder
    tranches: tuple[Tranche, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    messages: tuple[Message, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()  # oldest first
    expected: tuple[ExpectedEntry, ...] = ()  # soonest first


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A line of the list of cases; money in won."""

    case_id: str
    number: str
    company: str
    municipality: Text | None
    programme_name: Text
    track: str | None
    year: int
    status: CaseStatus
    agreed_krw: int | None
    disbursed_krw: int
    next_due: date | None = None
    next_name: Text | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is asked for; it lives in the address. `q` is a part of a company's name or a case's number."""

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
    """The list of cases, and what it was asked for."""

    rows: tuple[CaseRow, ...]
    found: Figure  # how many the filter finds, not how many this page shows
    programmes: tuple[Choice, ...]
    years: tuple[int, ...]
    statuses: tuple[CaseStatus, ...]
    asked: Filter
    pages: int = 1


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
