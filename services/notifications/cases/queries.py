"""Message context of a case, read in one statement."""

from typing import Any
from uuid import UUID

from services.notifications.cases.domain import MessageContext, Name
from services.notifications.recipients.domain import channels_of
from shared.database.transaction import Transaction
from shared.errors import PrerequisiteMissing

MESSAGE_CONTEXT = """
    select c.case_id, c.company_id, c.programme_id, c.receipt_number, c.track,
           p.name_ko, p.name_en, p.short_ko, p.short_en, p.office_ko, p.office_en, p.names,
           company.name_ko as company, r.email is not null as has_email, r.phone is not null as has_phone
    from "case" c
    left join programme p using (programme_id)
    left join company using (company_id)
    left join recipient r using (company_id)
    where c.case_id = $1
"""


async def message_context(transaction: Transaction, case_id: UUID) -> MessageContext:
    """Return the message context of a case.

    Raises PrerequisiteMissing until the events that name the case, its programme and its company have arrived.
    """
    rows = await transaction.fetch(MESSAGE_CONTEXT, case_id)
    if not rows:
        raise not_known_yet("case", "과제", case_id)
    [row] = rows
    if row.names is None:
        raise not_known_yet("programme", "사업", row.programme_id)
    if row.company is None:
        raise not_known_yet("company", "기업", row.company_id)
    return _to_context(row)


def not_known_yet(kind: str, kind_ko: str, id: object) -> PrerequisiteMissing:
    return PrerequisiteMissing(
        f"{kind}_not_known_yet",
        ko=f"{kind_ko} {id}의 사건이 아직 오지 않았습니다. 오면 다시 처리합니다.",
        en=f"The event that names {kind} {id} has not arrived yet. It is tried again when it has.",
    )


def _to_context(row: Any) -> MessageContext:
    def name(of: str) -> Name:
        return Name(ko=row[f"{of}_ko"], en=row[f"{of}_en"])

    return MessageContext(
        case_id=row.case_id,
        company_id=row.company_id,
        programme_id=row.programme_id,
        receipt_number=row.receipt_number,
        track_id=row.track,
        company=row.company,
        programme=name("name"),
        programme_short=name("short"),
        office=name("office"),
        names=row.names,
        channels=channels_of(row.has_email, row.has_phone),
    )
