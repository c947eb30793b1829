"""SMS through a gateway with SOLAPI's API: one request a batch, one outcome a message."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from services.notifications.channels.outcomes import (
    Accepted,
    Deferred,
    Failed,
    Indeterminate,
    Outcome,
    OutgoingMessage,
)
from services.notifications.recipients.domain import domestic_digits
from services.notifications.templates import cp949
from services.notifications.templates.rendering import SmsContent
from shared.values.clock import utc_now

BATCH = 20
TIMEOUT = httpx.Timeout(20.0, connect=5.0)  # seconds
# Idle connections expire here before the server closes them: a request must not go out on one being closed.
LIMITS = httpx.Limits(max_connections=2, keepalive_expiry=2.0)
OUR_ID = "messageId"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
RETRYABLE = (401, 403, 408, 429)
PROVIDER_CODE = re.compile(r"[A-Za-z0-9]{1,20}")


class MessageStatus(BaseModel):
    """The gateway's status of one message; `customFields` returns our own id."""

    message_id: str = Field("", alias="messageId")
    status_code: str = Field("", alias="statusCode")
    status_message: str = Field("", alias="statusMessage")
    custom_fields: dict[str, str] | None = Field(None, alias="customFields")

    @property
    def our_id(self) -> str:
        return (self.custom_fields or {}).get(OUR_ID, "")

    @property
    def code(self) -> str | None:
        """The status code, where it has the form of one."""
        return self.status_code if PROVIDER_CODE.fullmatch(self.status_code) else None

    @property
    def answer(self) -> str:
        return f"{self.status_code} {self.status_message}".strip()


class SendResponse(BaseModel):
    failed: list[MessageStatus] = Field([], alias="failedMessageList")
    accepted: list[MessageStatus] | None = Field(None, alias="messageList")


class SmsChannel:
    """SMS channel. `sender`: a number registered with the gateway (발신번호 사전등록)."""

    name = "sms"
    batch = BATCH

    def __init__(self, url: str, key: str, secret: SecretStr, sender: str) -> None:
        self.key, self.secret, self.sender = key, secret, sender
        # A proxy set in the environment is for external gateways, not for one on this machine.
        external = urlsplit(url).hostname not in LOOPBACK
        self.http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, limits=LIMITS, trust_env=external)

    async def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[UUID, Outcome]:
        fitting = [message for message in messages if fits_lms(message)]
        outcomes = await self.post(fitting) if fitting else {}
        too_long = Failed("too_long")
        return {message.message_id: outcomes.get(message.message_id, too_long) for message in messages}

    async def post(self, messages: Sequence[OutgoingMessage]) -> Mapping[UUID, Outcome]:
        body = {
            "messages": [to_gateway_message(message, self.sender) for message in messages],
            "allowDuplicates": True,
            "showMessageList": True,
        }
        headers = {"Authorization": self.authorization()}
        try:
            reply = await self.http.post("/messages/v4/send-many/detail", json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            down = Deferred("unreachable", type(error).__name__, provider_down=True)
            return {message.message_id: down for message in messages}
        except httpx.HTTPError as error:
            no_answer = Indeterminate("no_answer", type(error).__name__)
            return {message.message_id: no_answer for message in messages}
        return parse_outcomes(reply, messages)

    def authorization(self) -> str:
        date, salt = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ"), secrets.token_hex(16)
        secret = self.secret.get_secret_value().encode()
        signature = hmac.new(secret, (date + salt).encode(), hashlib.sha256).hexdigest()
        return f"HMAC-SHA256 ApiKey={self.key}, Date={date}, salt={salt}, signature={signature}"

    async def close(self) -> None:
        await self.http.aclose()


def fits_lms(message: OutgoingMessage) -> bool:
    return cp949.byte_length(message.content.text) <= cp949.LMS_LIMIT


def to_gateway_message(message: OutgoingMessage, sender: str) -> dict[str, Any]:
    """The message in the gateway's JSON: an SMS up to 90 bytes, otherwise an LMS, which has a subject."""
    content = message.content
    assert isinstance(content, SmsContent)
    long = cp949.byte_length(content.text) > cp949.SMS_LIMIT
    subject = {"subject": cp949.truncate(content.title, cp949.SUBJECT_LIMIT)} if long else {}
    return {
        "to": domestic_digits(message.address),
        "from": sender,
        "text": content.text,
        "type": "LMS" if long else "SMS",
        "customFields": {OUR_ID: str(message.message_id)},
        **subject,
    }


def parse_outcomes(reply: httpx.Response, messages: Sequence[OutgoingMessage]) -> Mapping[UUID, Outcome]:
    """Outcome of each message: Deferred or Failed if the whole request was refused, Indeterminate if none is given."""
    if reply.status_code in RETRYABLE:
        busy = Deferred("busy", f"HTTP {reply.status_code}", provider_down=True)
        return {message.message_id: busy for message in messages}
    if reply.is_client_error:
        refusal = Failed("refused", describe(reply), str(reply.status_code))
        return {message.message_id: refusal for message in messages}
    response = parse_response(reply)
    return {message.message_id: outcome_of(response, message, reply.status_code) for message in messages}


def parse_response(reply: httpx.Response) -> SendResponse:
    """The gateway's response, empty if it is an error or not in SOLAPI's format."""
    try:
        return SendResponse.model_validate_json(reply.content if reply.is_success else "{}")
    except ValidationError:
        return SendResponse.model_validate({})


def outcome_of(response: SendResponse, message: OutgoingMessage, http_status: int) -> Outcome:
    our_id = str(message.message_id)
    for status in response.failed:
        if status.our_id == our_id:
            return Failed("refused", status.answer, status.code)
    for status in response.accepted or []:
        if status.our_id == our_id:
            return Accepted(status.message_id)
    return Indeterminate("not_in_answer", f"HTTP {http_status}")


def describe(reply: httpx.Response) -> str:
    """The HTTP status and the response's text, on one line of at most 200 characters."""
    return " ".join(f"HTTP {reply.status_code} {reply.text}".split())[:200]
