"""What this service listens to, and what it does then."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.cases import commands as cases
from services.notifications.messages import commands as messages
from shared.events.applications import (
    AgreementSigned,
    ApplicationScreened,
    ApplicationSubmitted,
    CaseAbandoned,
    CompanyRegistered,
    CompanyRejected,
    CompanyReserved,
    CompanySelected,
    ProgrammePublished,
)
from shared.events.funding import SelfContributionConfirmed, TrancheDisbursed, TrancheFailed
from shared.events.monitoring import MilestoneAchieved, MilestoneDueSoon, MilestoneMissed
from shared.messaging.cloudevents import Envelope
from shared.messaging.consumer import Handlers


async def on_programme_published(
    session: AsyncSession, event: ProgrammePublished, envelope: Envelope
) -> None:
    await cases.name_programme(session, event)


async def on_company_registered(session: AsyncSession, event: CompanyRegistered, envelope: Envelope) -> None:
    await cases.name_company(session, event)


async def on_application_submitted(
    session: AsyncSession, event: ApplicationSubmitted, envelope: Envelope
) -> None:
    await cases.open_case(session, event)
    await messages.tell(session, event, envelope)


# Nothing for case.recorded: what another system did in the past is told to nobody.
HANDLERS: Handlers = {
    ProgrammePublished: on_programme_published,
    CompanyRegistered: on_company_registered,
    ApplicationSubmitted: on_application_submitted,
    ApplicationScreened: messages.tell,
    CompanySelected: messages.tell,
    CompanyReserved: messages.tell,
    CompanyRejected: messages.tell,
    AgreementSigned: messages.tell,
    CaseAbandoned: messages.tell,
    SelfContributionConfirmed: messages.tell,
    TrancheDisbursed: messages.tell,
    TrancheFailed: messages.tell,
    MilestoneDueSoon: messages.tell,
    MilestoneMissed: messages.tell,
    MilestoneAchieved: messages.tell,
}
