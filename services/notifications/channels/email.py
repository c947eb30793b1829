"""E-mail by SMTP: at most four connections, each used again for the next mail."""

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

from services.notifications.channels.outcomes import Letter, Outcome, Postponed, Refused, Taken, Unclear
from services.notifications.templates.rendering import Mail
from shared.values.calendar import SEOUL, now

CONNECTIONS = 4
TIMEOUT = 10.0  # seconds, of each step of the conversation
DATA_TIMEOUT = 20.0
PERMANENT = 500


class Wire(EmailPolicy):
    """Folds a subject whole: the library's own folding loses the space between two encoded words."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() != "subject":
            return super().fold_binary(name, value)
        folded = Header(value, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {folded}{self.linesep}".encode("ascii")


WIRE = Wire(linesep="\r\n", max_line_length=78)


class EmailChannel:
    """`url`: smtp://[user:password@]host:port, or smtps:// for TLS from the first byte."""

    name = "email"
    batch = CONNECTIONS

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = urlsplit(url), sender
        self.idle: list[aiosmtplib.SMTP] = []

    async def send(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        outcomes = await asyncio.gather(*(self.deliver(letter) for letter in letters))
        return {letter.message_id: outcome for letter, outcome in zip(letters, outcomes, strict=True)}

    async def deliver(self, letter: Letter) -> Outcome:
        """A connection that was closed while it lay idle is replaced once, before anything is handed over."""
        if self.idle:
            outcome = await self.over(self.idle.pop(), letter)
            if not (isinstance(outcome, Postponed) and outcome.line_down):
                return outcome
        client = self.client()
        try:
            await client.connect()
        except (SMTPException, OSError) as error:
            return Postponed(f"메일 서버에 연결하지 못했습니다: {said(error)}", line_down=True)
        return await self.over(client, letter)

    async def over(self, client: aiosmtplib.SMTP, letter: Letter) -> Outcome:
        to = validate_email(letter.address, check_deliverability=False).ascii_email
        if to is None:
            return Refused("이 메일 서버가 보낼 수 없는 주소입니다")
        mail = written(letter, self.sender, to)
        if (outcome := await offer(client, parseaddr(self.sender)[1], to)) is None:
            outcome = await hand_over(client, mail)
        self.keep(client)
        return outcome

    def client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.url.hostname,
            port=self.url.port,
            username=unquote(self.url.username) if self.url.username else None,
            password=unquote(self.url.password) if self.url.password else None,
            use_tls=self.url.scheme == "smtps",
            timeout=TIMEOUT,
        )

    def keep(self, client: aiosmtplib.SMTP) -> None:
        if client.is_connected:
            self.idle.append(client)

    async def close(self) -> None:
        for client in self.idle:
            client.close()
        self.idle.clear()


async def offer(client: aiosmtplib.SMTP, sender: str, to: str) -> Outcome | None:
    """Sender and recipient, nothing of the mail: None when both are welcome."""
    try:
        await client.mail(sender)
        await client.rcpt(to)
    except SMTPResponseException as error:
        return await refused(client, error)
    except (SMTPException, OSError) as error:
        client.close()
        return Postponed(f"메일 서버와 연결이 끊겼습니다: {said(error)}", line_down=True)
    return None


async def hand_over(client: aiosmtplib.SMTP, mail: EmailMessage) -> Outcome:
    """From here on, silence may mean that the mail is on its way."""
    try:
        answer = await client.data(mail.as_bytes(), timeout=DATA_TIMEOUT)
    except SMTPResponseException as error:
        return await refused(client, error)
    except (SMTPException, OSError) as error:
        client.close()
        return Unclear(f"메일을 넘긴 뒤 답이 없었습니다: {said(error)}")
    return Taken(f"{mail['Message-ID']} {answer.message}"[:200])


async def refused(client: aiosmtplib.SMTP, error: SMTPResponseException) -> Outcome:
    """A server that says 4xx may be asked again; 5xx is its last word. 421 means that it is closing."""
    try:
        await client.rset()
    except (SMTPException, OSError):
        client.close()
    reason = f"메일 서버의 답: {said(error)}"
    if error.code >= PERMANENT:
        return Refused(reason)
    return Postponed(reason, line_down=error.code == 421)


def said(error: Exception) -> str:
    """The server's words, on one line."""
    if isinstance(error, SMTPResponseException):
        return " ".join(f"{error.code} {error.message}".split())[:200]
    return type(error).__name__


def written(letter: Letter, sender: str, to: str) -> EmailMessage:
    """The same message always has the same Message-ID; a line break in a header is refused by the library."""
    assert isinstance(letter.content, Mail)
    name, address = parseaddr(sender)
    mail = EmailMessage(policy=WIRE)
    mail["From"] = Address(name or "이음", addr_spec=address)
    mail["To"] = Address(addr_spec=to)
    mail["Reply-To"] = address
    mail["Subject"] = letter.content.subject
    mail["Date"] = format_datetime(now().astimezone(SEOUL))
    mail["Message-ID"] = f"<{letter.message_id}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.content.text)
    mail.add_alternative(letter.content.html, subtype="html")
    return mail
