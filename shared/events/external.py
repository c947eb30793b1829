"""Events of other systems: untrusted until validated, each on its own topic only."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from shared.events import Event
from shared.events.definition import Code, TrackId
from shared.values.business_number import BusinessNumber
from shared.values.money import Krw, Shares

Reference = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class MinistryCompanySelected(Event):
    """A ministry selected a company for its own programme: a case for the city's top-up (추가 지원) is opened."""

    name: ClassVar[str] = "ministry.company_selected.v1"
    topic: ClassVar[str] = "ieum.external.ministry"
    source: ClassVar[str] = "/external/ministry"
    programme_id: Code
    round_id: Code
    business_number: BusinessNumber
    company_name_ko: Name
    municipality: str
    total_krw: Krw

    @property
    def subject(self) -> str:
        return self.business_number


class TreasuryEvent(Event):
    """Base of the treasury's answers about a payment."""

    topic: ClassVar[str] = "ieum.external.treasury"
    source: ClassVar[str] = "/external/treasury"
    payment_id: UUID

    @property
    def subject(self) -> str:
        return str(self.payment_id)


class TreasuryPaymentExecuted(TreasuryEvent):
    """The treasury (금고) executed the payment with the instructed amount."""

    name: ClassVar[str] = "treasury.payment_executed.v1"
    amount_krw: Krw
    treasury_reference: Reference


class TreasuryPaymentRejected(TreasuryEvent):
    """The treasury (금고) rejected the payment; nothing was paid."""

    name: ClassVar[str] = "treasury.payment_rejected.v1"
    reason: Reference


class RegistryEvent(Event):
    """Base of the business registry's events about a company, by its business number."""

    topic: ClassVar[str] = "ieum.external.registry"
    source: ClassVar[str] = "/external/registry"
    business_number: BusinessNumber
    since: date

    @property
    def subject(self) -> str:
        return self.business_number


class RegistryBusinessSuspended(RegistryEvent):
    """The business was suspended (휴업) on `since`."""

    name: ClassVar[str] = "registry.business_suspended.v1"


class RegistryBusinessClosed(RegistryEvent):
    """The business was closed (폐업) on `since`."""

    name: ClassVar[str] = "registry.business_closed.v1"


class LegacyCaseRecorded(Event):
    """A company's past result as the old system recorded it; amounts are won by funder."""

    name: ClassVar[str] = "legacy.case_recorded.v1"
    topic: ClassVar[str] = "ieum.external.legacy"
    source: ClassVar[str] = "/external/legacy"
    record_id: Reference
    programme_id: Code
    company_name_ko: Name
    municipality: str
    track: TrackId | None = None
    year_from: int
    year_to: int
    status: Literal["completed", "in_progress"]
    amounts_krw: Shares = {}

    @property
    def subject(self) -> str:
        return self.record_id
