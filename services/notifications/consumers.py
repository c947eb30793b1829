"""Subscriptions of this service and their handlers."""

from services.notifications.cases import commands as cases
from services.notifications.messages import commands as messages
from shared.database.transaction import Transaction
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
    transaction: Transaction, event: ProgrammePublished, envelope: Envelope
) -> None:
    await cases.save_programme_names(transaction, event)


async def on_company_registered(
    transaction: Transaction, event: CompanyRegistered, envelope: Envelope
) -> None:
    await cases.save_company_name(transaction, event)


async def on_application_submitted(
    transaction: Transaction, event: ApplicationSubmitted, envelope: Envelope
) -> None:
    await cases.save_case(transaction, event)
    await messages.enqueue(transaction, event, envelope)


# case.recorded is left out: past results of another system lead to no message.
HANDLERS: Handlers = {
    ProgrammePublished: on_programme_published,
    CompanyRegistered: on_company_registered,
    ApplicationSubmitted: on_application_submitted,
    ApplicationScreened: messages.enqueue,
    CompanySelected: messages.enqueue,
    CompanyReserved: messages.enqueue,
    CompanyRejected: messages.enqueue,
    AgreementSigned: messages.enqueue,
    CaseAbandoned: messages.enqueue,
    SelfContributionConfirmed: messages.enqueue,
    TrancheDisbursed: messages.enqueue,
    TrancheFailed: messages.enqueue,
    MilestoneDueSoon: messages.enqueue,
    MilestoneMissed: messages.enqueue,
    MilestoneAchieved: messages.enqueue,
}
