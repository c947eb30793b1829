"""Subscriptions of this service and their handlers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.cases import commands as cases
from services.monitoring.milestones import commands as milestones
from services.monitoring.programmes import commands as programmes
from shared.events.applications import (
    AgreementSigned,
    ApplicationSubmitted,
    CaseAbandoned,
    CompanySelected,
    ProgrammePublished,
)
from shared.messaging.cloudevents import Envelope
from shared.messaging.consumer import Handlers


async def on_published(session: AsyncSession, event: ProgrammePublished, envelope: Envelope) -> None:
    await programmes.save_definition(session, event.definition, event.version, event.occurred_on)


async def on_submitted(session: AsyncSession, event: ApplicationSubmitted, envelope: Envelope) -> None:
    await cases.submit(session, event.case_id, event.programme_id, event.company_id)


async def on_selected(session: AsyncSession, event: CompanySelected, envelope: Envelope) -> None:
    await cases.select(session, event.case_id, event.occurred_on)


async def on_agreed(session: AsyncSession, event: AgreementSigned, envelope: Envelope) -> None:
    case = await cases.agree(session, event.case_id, event.occurred_on)
    await milestones.schedule(session, case, event.version, event.occurred_on)


async def on_abandoned(session: AsyncSession, event: CaseAbandoned, envelope: Envelope) -> None:
    await cases.abandon(session, event.case_id, event.occurred_on)
    await milestones.close(session, event.case_id)


HANDLERS: Handlers = {
    ProgrammePublished: on_published,
    ApplicationSubmitted: on_submitted,
    CompanySelected: on_selected,
    AgreementSigned: on_agreed,
    CaseAbandoned: on_abandoned,
}
