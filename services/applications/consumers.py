"""Subscriptions of this service and their handlers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.applications.companies import commands as companies
from services.applications.companies.models import State
from services.applications.past_results import commands as past_results
from services.applications.selection import commands as selection
from shared.events.external import (
    LegacyCaseRecorded,
    MinistryCompanySelected,
    RegistryBusinessClosed,
    RegistryBusinessSuspended,
)
from shared.messaging.cloudevents import Envelope
from shared.messaging.consumer import Handlers


async def on_ministry_company_selected(
    session: AsyncSession, event: MinistryCompanySelected, envelope: Envelope
) -> None:
    await selection.select_by_ministry(session, event)


async def on_legacy_case_recorded(
    session: AsyncSession, event: LegacyCaseRecorded, envelope: Envelope
) -> None:
    await past_results.record(session, envelope.source.removeprefix("/external/"), event)


async def on_registry_business_suspended(
    session: AsyncSession, event: RegistryBusinessSuspended, envelope: Envelope
) -> None:
    await companies.record_closure(session, event.business_number, State.SUSPENDED, event.occurred_on)


async def on_registry_business_closed(
    session: AsyncSession, event: RegistryBusinessClosed, envelope: Envelope
) -> None:
    await companies.record_closure(session, event.business_number, State.CLOSED, event.occurred_on)


HANDLERS: Handlers = {
    LegacyCaseRecorded: on_legacy_case_recorded,
    MinistryCompanySelected: on_ministry_company_selected,
    RegistryBusinessClosed: on_registry_business_closed,
    RegistryBusinessSuspended: on_registry_business_suspended,
}
