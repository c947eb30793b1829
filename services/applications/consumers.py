"""Subscriptions of this service and their handlers."""

from services.applications.companies import commands as companies
from services.applications.companies.models import State
from services.applications.past_results import commands as past_results
from services.applications.selection import commands as selection
from shared.database.transaction import Transaction
from shared.events.external import (
    LegacyCaseRecorded,
    MinistryCompanySelected,
    RegistryBusinessClosed,
    RegistryBusinessSuspended,
)
from shared.messaging.cloudevents import Envelope
from shared.messaging.consumer import Handlers


async def on_ministry_company_selected(
    transaction: Transaction, event: MinistryCompanySelected, envelope: Envelope
) -> None:
    await selection.select_by_ministry(transaction, event)


async def on_legacy_case_recorded(
    transaction: Transaction, event: LegacyCaseRecorded, envelope: Envelope
) -> None:
    await past_results.record(transaction, envelope.source.removeprefix("/external/"), event)


async def on_registry_business_suspended(
    transaction: Transaction, event: RegistryBusinessSuspended, envelope: Envelope
) -> None:
    await companies.record_closure(transaction, event.business_number, State.SUSPENDED, event.occurred_on)


async def on_registry_business_closed(
    transaction: Transaction, event: RegistryBusinessClosed, envelope: Envelope
) -> None:
    await companies.record_closure(transaction, event.business_number, State.CLOSED, event.occurred_on)


HANDLERS: Handlers = {
    LegacyCaseRecorded: on_legacy_case_recorded,
    MinistryCompanySelected: on_ministry_company_selected,
    RegistryBusinessClosed: on_registry_business_closed,
    RegistryBusinessSuspended: on_registry_business_suspended,
}
