"""The mail server: accepts every mail and stores its headers, its text part and its HTML part."""

import secrets
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from tools.devstack.inbox.journal import Journal, Record

MAX_BYTES = 10 * 1024 * 1024  # bytes


class MailHandler:
    """aiosmtpd's handler: stores each mail in the journal."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  SMTP's word
        """Store the mail and accept it."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self.journal.save(_record(raw, envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos]))
        return "250 Message accepted for delivery"


def protocol(journal: Journal) -> SMTP:
    """Return the protocol of one connection, for the event loop's server."""
    return SMTP(MailHandler(journal), enable_SMTPUTF8=True, data_size_limit=MAX_BYTES, hostname="ieum.local")


def _record(raw: bytes, sender: str, recipients: list[str]) -> Record:
    mail = message_from_bytes(raw, policy=policy.default)
    return {
        "id": secrets.token_hex(8),
        "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "from": str(mail["from"] or sender),
        "to": recipients,
        "subject": str(mail["subject"] or ""),
        "message_id": str(mail["message-id"] or ""),
        "headers": [[name, str(value)] for name, value in mail.items()],
        "text": _part(mail, "plain"),
        "html": _part(mail, "html"),
        "bytes": len(raw),
    }


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    payload = body.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        return data.decode(body.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # an unknown charset: show what can be decoded
        return data.decode("utf-8", errors="replace")
