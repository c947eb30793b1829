"""Subscriptions of this service and their handlers."""

from services.funding.budgets import commands as budgets
from services.funding.payments import commands as payments
from services.funding.programmes import commands as programmes
from services.funding.tranches import commands as tranches
from shared.database.transaction import Transaction
from shared.events.applications import (
    AgreementSigned,
    CaseAbandoned,
    CaseRecorded,
    CompanyClosed,
    ProgrammePublished,
)
from shared.events.external import TreasuryPaymentExecuted, TreasuryPaymentRejected
from shared.events.monitoring import MilestoneAchieved
from shared.messaging.cloudevents import Envelope
from shared.messaging.consumer import Handlers


async def on_programme_published(transaction: Transaction, event: ProgrammePublished, _: Envelope) -> None:
    await programmes.save_version(transaction, event.definition, event.version, event.occurred_on)


async def on_case_recorded(transaction: Transaction, event: CaseRecorded, _: Envelope) -> None:
    await budgets.book_past_spending(transaction, event)


async def on_agreement_signed(transaction: Transaction, event: AgreementSigned, _: Envelope) -> None:
    await tranches.schedule(transaction, event)


async def on_case_abandoned(transaction: Transaction, event: CaseAbandoned, _: Envelope) -> None:
    if event.stage == "after_agreement":
        await tranches.abandon(transaction, event.case_id, event.occurred_on)


async def on_company_closed(transaction: Transaction, event: CompanyClosed, _: Envelope) -> None:
    await tranches.hold_company(transaction, event.company_id, event.state, event.occurred_on)


async def on_milestone_achieved(transaction: Transaction, event: MilestoneAchieved, _: Envelope) -> None:
    await tranches.achieve_milestone(transaction, event.case_id, event.milestone, event.occurred_on)


async def on_payment_executed(transaction: Transaction, event: TreasuryPaymentExecuted, _: Envelope) -> None:
    await payments.execute(
        transaction, event.payment_id, event.amount_krw, event.treasury_reference, event.occurred_on
    )


async def on_payment_rejected(transaction: Transaction, event: TreasuryPaymentRejected, _: Envelope) -> None:
    await payments.reject(transaction, event.payment_id, event.reason, event.occurred_on)


HANDLERS: Handlers = {
    ProgrammePublished: on_programme_published,
    CaseRecorded: on_case_recorded,
    AgreementSigned: on_agreement_signed,
    CaseAbandoned: on_case_abandoned,
    CompanyClosed: on_company_closed,
    MilestoneAchieved: on_milestone_achieved,
    TreasuryPaymentExecuted: on_payment_executed,
    TreasuryPaymentRejected: on_payment_rejected,
}
