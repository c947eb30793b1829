"""HTTP: webhook for the SMS gateway's delivery reports."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from pydantic import BaseModel, Field

from services.notifications.channels import sms
from services.notifications.delivery_reports import commands
from services.notifications.delivery_reports.commands import DeliveryReport
from shared.web.http import RequestTransaction, Router

log = structlog.get_logger()
router = Router(prefix="/receipts", tags=["receipts"])

DELIVERED_CODE = "4000"
IN_TRANSIT_CODES = ("2", "3000")


class SolapiReport(BaseModel):
    """One delivery report in SOLAPI's format: 4000 is delivered, 2xxx and 3000 in transit, any other code failed."""

    data: sms.MessageStatus

    @property
    def is_final(self) -> bool:
        return bool(self.data.status_code) and not self.data.status_code.startswith(IN_TRANSIT_CODES)

    def to_delivery_report(self) -> DeliveryReport:
        data, our_id = self.data, UUID(self.data.our_id) if self.data.our_id else None
        is_delivered = data.status_code == DELIVERED_CODE
        return DeliveryReport(our_id, data.message_id, is_delivered, data.code, data.answer)


class Received(BaseModel):
    delivered: int = 0
    failed: int = 0
    ignored: int = 0


Reports = Annotated[list[dict[str, Any]], Field(max_length=10_000)]


@router.post("/solapi")
async def receive(body: Reports, transaction: RequestTransaction) -> Received:
    """Apply delivery reports; always answer 200, or the gateway sends them again. Unusable ones count as ignored.

    No token: message ids cannot be guessed, and a report can only finish a message that was sent.
    """
    reports = [report for item in body if (report := parse_report(item)) is not None]
    counts = await commands.receive(transaction, reports)
    ignored = counts["ignored"] + len(body) - len(reports)
    if ignored:
        log.info("delivery_reports.ignored", count=ignored)
    return Received(delivered=counts["delivered"], failed=counts["failed"], ignored=ignored)


def parse_report(item: dict[str, Any]) -> DeliveryReport | None:
    """The delivery report, or None if it is not final or not in SOLAPI's format."""
    try:
        report = SolapiReport.model_validate(item)
        return report.to_delivery_report() if report.is_final else None
    except ValueError:  # pydantic's ValidationError, or an id that is no UUID
        return None
