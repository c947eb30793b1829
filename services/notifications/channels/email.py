"""E-mail by SMTP: at most four connections, reused from one mail to the next."""

import asyncio
from collections.abc import Mapping, Sequence
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException
from email_validator import validate_email

from services.notifications.channels.outcomes import (
    Accepted,
    Deferred,
    Failed,
    Indeterminate,
    Outcome,
    OutgoingMessage,
)
from services.notifications.templates.rendering import EmailContent
from shared.values.clock import SEOUL, utc_now

CONNECTIONS = 4
TIMEOUT = 10.0  # seconds, of each SMTP command
DATA_TIMEOUT = 20.0
PERMANENT_FAILURE = 500


class WholeSubjectPolicy(EmailPolicy):
    """E-mail policy that folds a subject as a whole: the library's own loses the space between two encoded words."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() != "subject":
            return super().fold_binary(name, value)
        folded = Header(value, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {folded}{self.linesep}".encode("ascii")


MAIL_POLICY = WholeSubjectPolicy(linesep="\r\n", max_line_length=78)


class EmailChannel:
    """SMTP channel. `url`: smtp://[user:password@]host:port, or smtps:// for TLS from the first byte."""

    name = "email"
    batch = CONNECTIONS

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = urlsplit(url), sender
        self.idle: list[aiosmtplib.SMTP] = []

    async def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[UUID, Outcome]:
        outcomes = await asyncio.gather(*(self.send_one(message) for message in messages))
        return {message.message_id: outcome for message, outcome in zip(messages, outcomes, strict=True)}

    async def send_one(self, message: OutgoingMessage) -> Outcome:
        """Send over an idle connection, or over a new one if that was closed meanwhile."""
        if self.idle:
            outcome = await self.send_over(self.idle.pop(), message)
            if not (isinstance(outcome, Deferred) and outcome.provider_down):
                return outcome
        client = self.new_client()
        try:
            await client.connect()
        except (SMTPException, OSError) as error:
            return Deferred("unreachable", describe(error), provider_down=True)
        return await self.send_over(client, message)

    async def send_over(self, client: aiosmtplib.SMTP, message: OutgoingMessage) -> Outcome:
        to = validate_email(message.address, check_deliverability=False).ascii_email
        if to is None:
            return Failed("address_not_supported")
        mail = build_mail(message, self.sender, to)
        if (outcome := await send_envelope(client, parseaddr(self.sender)[1], to)) is None:
            outcome = await send_data(client, mail)
        self.release(client)
        return outcome

    def new_client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.url.hostname,
            port=self.url.port,
            username=unquote(self.url.username) if self.url.username else None,
            password=unquote(self.url.password) if self.url.password else None,
            use_tls=self.url.scheme == "smtps",
            timeout=TIMEOUT,
        )

    def release(self, client: aiosmtplib.SMTP) -> None:
        if client.is_connected:
            self.idle.append(client)

    async def close(self) -> None:
        for client in self.idle:
            client.close()
        self.idle.clear()


async def send_envelope(client: aiosmtplib.SMTP, sender: str, to: str) -> Outcome | None:
    """Send the SMTP envelope (sender and recipient); return None if the server accepts both."""
    try:
        await client.mail(sender)
        await client.rcpt(to)
    except SMTPResponseException as error:
        return await outcome_of_refusal(client, error)
    except (SMTPException, OSError) as error:
        client.close()
        return Deferred("disconnected", describe(error), provider_down=True)
    return None


async def send_data(client: aiosmtplib.SMTP, mail: EmailMessage) -> Outcome:
    """Send the mail itself; without an answer its outcome is indeterminate."""
    try:
        answer = await client.data(mail.as_bytes(), timeout=DATA_TIMEOUT)
    except SMTPResponseException as error:
        return await outcome_of_refusal(client, error)
    except (SMTPException, OSError) as error:
        client.close()
        return Indeterminate("no_answer", describe(error))
    return Accepted(f"{mail['Message-ID']} {answer.message}"[:200])


async def outcome_of_refusal(client: aiosmtplib.SMTP, error: SMTPResponseException) -> Outcome:
    """Deferred for a 4xx answer (421: the server is closing), Failed for 5xx; resets the SMTP transaction."""
    try:
        await client.rset()
    except (SMTPException, OSError):
        client.close()
    if error.code >= PERMANENT_FAILURE:
        return Failed("refused", describe(error), str(error.code))
    return Deferred("busy", describe(error), provider_down=error.code == 421)


def describe(error: Exception) -> str:
    """The server's answer or the error's class, on one line."""
    if isinstance(error, SMTPResponseException):
        return " ".join(f"{error.code} {error.message}".split())[:200]
    return type(error).__name__


def build_mail(message: OutgoingMessage, sender: str, to: str) -> EmailMessage:
    """Build the mail; its Message-ID is derived from the message's id. Raises ValueError for a line break in a header."""
    assert isinstance(message.content, EmailContent)
    name, address = parseaddr(sender)
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["From"] = Address(name or "이음", addr_spec=address)
    mail["To"] = Address(addr_spec=to)
    mail["Reply-To"] = address
    mail["Subject"] = message.content.subject
    mail["Date"] = format_datetime(utc_now().astimezone(SEOUL))
    mail["Message-ID"] = f"<{message.message_id}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.content.text)
    mail.add_alternative(message.content.html, subtype="html")
    return mail
