"""The funding service: budgets, commitments, tranches and payments in a double-entry ledger."""

from services.funding.budgets import api as budgets
from services.funding.consumers import HANDLERS
from services.funding.ledger import api as ledger
from services.funding.payments import api as payments
from services.funding.payments.commands import run_deadlines
from services.funding.payments.queries import measure
from services.funding.schema import Table
from services.funding.tranches import api as tranches
from shared.events.funding import FundingRecordDeadLettered
from shared.service import Service

SERVICE = Service(
    name="funding",
    title="재정 / Funding",
    tables=Table.metadata,
    dead_letter_event=FundingRecordDeadLettered,
    routers=[budgets.router, tranches.router, payments.router, ledger.router],
    handlers=HANDLERS,
    measure=measure,
    deadlines=run_deadlines,
)
