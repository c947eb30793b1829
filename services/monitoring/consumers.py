"""Subscriptions of the parts that follow up, and their handlers; the projector has subscriptions of its own."""

from services.monitoring.milestones import commands as milestones
from shared.database.transaction import Transaction
from shared.events.applications import AgreementSigned, CaseAbandoned
from shared.messaging.cloudevents import Envelope
from shared.messaging.consumer import Handlers


async def on_agreed(transaction: Transaction, event: AgreementSigned, envelope: Envelope) -> None:
    await milestones.schedule(transaction, event.case_id, event.version, event.occurred_on)


async def on_abandoned(transaction: Transaction, event: CaseAbandoned, envelope: Envelope) -> None:
    await milestones.close(transaction, event.case_id)


HANDLERS: Handlers = {AgreementSigned: on_agreed, CaseAbandoned: on_abandoned}
