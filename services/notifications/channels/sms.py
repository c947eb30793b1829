"""SMS by a gateway of SOLAPI's shape: one request a batch, the answer read message by message."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from services.notifications.channels.outcomes import Letter, Outcome, Postponed, Refused, Taken, Unclear
from services.notifications.recipients.domain import domestic
from services.notifications.templates import cp949
from services.notifications.templates.rendering import Sms
from shared.values.calendar import now

BATCH = 20
TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds
# Shorter than a server keeps an idle connection: a request must not meet one that is just being closed.
IDLE = httpx.Limits(max_connections=2, keepalive_expiry=2.0)
OURS = "messageId"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
REFUSES_NOW = (401, 403, 408, 429)


class Item(BaseModel):
    """What the gateway says of one message; `customFields` brings our own id back."""

    message_id: str = Field("", alias="messageId")
    status_code: str = Field("", alias="statusCode")
    status_message: str = Field("", alias="statusMessage")
    custom_fields: dict[str, str] | None = Field(None, alias="customFields")

    @property
    def ours(self) -> str:
        return (self.custom_fields or {}).get(OURS, "")


class Answer(BaseModel):
    failed: list[Item] = Field([], alias="failedMessageList")
    taken: list[Item] | None = Field(None, alias="messageList")


class SmsChannel:
    """`sender` is a number registered with the gateway (발신번호 사전등록)."""

    name = "sms"
    batch = BATCH

    def __init__(self, url: str, key: str, secret: SecretStr, sender: str) -> None:
        self.key, self.secret, self.sender = key, secret, sender
        # A proxy of the environment is for gateways outside, not for one on this machine.
        outside = urlsplit(url).hostname not in LOOPBACK
        self.http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, limits=IDLE, trust_env=outside)

    async def send(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        fitting = [letter for letter in letters if fits(letter)]
        outcome = await self.post(fitting) if fitting else {}
        too_long = Refused("문자로 보내기에 너무 깁니다(2,000바이트까지)")
        return {one.message_id: outcome.get(one.message_id, too_long) for one in letters}

    async def post(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        body = {
            "messages": [message(letter, self.sender) for letter in letters],
            "allowDuplicates": True,
            "showMessageList": True,
        }
        headers = {"Authorization": self.authorization()}
        try:
            reply = await self.http.post("/messages/v4/send-many/detail", json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            down = Postponed(f"문자 중계사에 연결하지 못했습니다: {type(error).__name__}", line_down=True)
            return {letter.message_id: down for letter in letters}
        except httpx.HTTPError as error:
            silence = Unclear(f"문자를 넘긴 뒤 답이 없었습니다: {type(error).__name__}")
            return {letter.message_id: silence for letter in letters}
        return read(reply, letters)

    def authorization(self) -> str:
        date, salt = now().strftime("%Y-%m-%dT%H:%M:%SZ"), secrets.token_hex(16)
        secret = self.secret.get_secret_value().encode()
        signature = hmac.new(secret, (date + salt).encode(), hashlib.sha256).hexdigest()
        return f"HMAC-SHA256 ApiKey={self.key}, Date={date}, salt={salt}, signature={signature}"

    async def close(self) -> None:
        await self.http.aclose()


def fits(letter: Letter) -> bool:
    return cp949.length(letter.content.text) <= cp949.LMS_LIMIT


def message(letter: Letter, sender: str) -> dict[str, Any]:
    """Up to 90 bytes it is an SMS; what is longer goes as an LMS, which has a subject."""
    content = letter.content
    assert isinstance(content, Sms)
    long = cp949.length(content.text) > cp949.SMS_LIMIT
    subject = {"subject": cp949.cut(content.title, cp949.SUBJECT_LIMIT)} if long else {}
    return {
        "to": domestic(letter.address),
        "from": sender,
        "text": content.text,
        "type": "LMS" if long else "SMS",
        "customFields": {OURS: str(letter.message_id)},
        **subject,
    }


def read(reply: httpx.Response, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
    """A clear no to the whole request moves nothing; a broken or missing answer leaves it open."""
    if reply.status_code in REFUSES_NOW:
        shut = Postponed(f"문자 중계사가 지금은 받지 않습니다: HTTP {reply.status_code}", line_down=True)
        return {letter.message_id: shut for letter in letters}
    if reply.is_client_error:
        return {one.message_id: Refused(f"문자 중계사가 거절했습니다: {words(reply)}") for one in letters}
    try:
        answer = Answer.model_validate_json(reply.content) if reply.is_success else Answer.model_validate({})
    except ValidationError:
        answer = Answer.model_validate({})
    return {letter.message_id: told(answer, letter, reply.status_code) for letter in letters}


def told(answer: Answer, letter: Letter, status: int) -> Outcome:
    mine = str(letter.message_id)
    for item in answer.failed:
        if item.ours == mine:
            return Refused(f"문자 중계사가 거절했습니다: {item.status_code} {item.status_message}")
    for item in answer.taken or []:
        if item.ours == mine:
            return Taken(item.message_id)
    return Unclear(f"문자 중계사의 답(HTTP {status})에 이 문자가 없습니다")


def words(reply: httpx.Response) -> str:
    """SOLAPI says errorCode and errorMessage; whatever else it is, the status stands first."""
    return " ".join(f"HTTP {reply.status_code} {reply.text}".split())[:200]
