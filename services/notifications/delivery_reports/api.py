"""HTTP: the SMS gateway's webhook."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from pydantic import BaseModel, Field

from services.notifications.channels import sms
from services.notifications.delivery_reports import commands
from services.notifications.delivery_reports.commands import Receipt
from shared.web.http import Router, Session

log = structlog.get_logger()
router = Router(prefix="/receipts", tags=["receipts"])

DELIVERED = "4000"
ON_THE_WAY = ("2", "3000")


class Report(BaseModel):
    """One receipt in SOLAPI's shape: 4000 is delivered, 2xxx and 3000 are on the way, all else has failed."""

    data: sms.Item

    @property
    def is_final(self) -> bool:
        return bool(self.data.status_code) and not self.data.status_code.startswith(ON_THE_WAY)

    def receipt(self) -> Receipt:
        said = f"통신사의 답: {self.data.status_code} {self.data.status_message}".strip()
        ours = UUID(self.data.ours) if self.data.ours else None
        return Receipt(ours, self.data.message_id, self.data.status_code == DELIVERED, said)


class Received(BaseModel):
    delivered: int = 0
    failed: int = 0
    ignored: int = 0


Reports = Annotated[list[dict[str, Any]], Field(max_length=10_000)]


@router.post("/solapi")
async def receive(body: Reports, session: Session) -> Received:
    """The gateway asks for 200, or it sends again; what means nothing to us is counted and left out.

    No token: the ids of our messages cannot be guessed, and a receipt can only end what was handed over.
    """
    receipts = [receipt for one in body if (receipt := read(one)) is not None]
    counts = await commands.receive(session, receipts)
    ignored = counts["ignored"] + len(body) - len(receipts)
    if ignored:
        log.info("receipts.ignored", count=ignored)
    return Received(delivered=counts["delivered"], failed=counts["failed"], ignored=ignored)


def read(one: dict[str, Any]) -> Receipt | None:
    try:
        report = Report.model_validate(one)
        return report.receipt() if report.is_final else None
    except ValueError:  # of another shape (pydantic's), or an id that is no UUID
        return None
