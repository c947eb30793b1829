"""An SMS gateway in SOLAPI's wire format: checks signature and sender, accepts, and reports delivery later.

Numbers with a fixed behaviour, for tests:

    01099990001   refused at once (failedMessageList)
    01099990002   accepted, and no delivery report ever comes
    01099990003   accepted, its delivery report comes late (IEUM_SMS_LATE_RECEIPT_DELAY seconds)
    01099990004   accepted, its delivery report is negative
    01099990005   accepted and stored, but the answer is HTTP 500: the sender cannot know the outcome
    any other     accepted, delivered after IEUM_SMS_RECEIPT_DELAY seconds
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.devstack.inbox.journal import Journal, Record
from tools.devstack.inbox.settings import Settings

REFUSED_NUMBER, SILENT_NUMBER, LATE_NUMBER, UNDELIVERABLE_NUMBER, LOST_ANSWER_NUMBER = (
    f"0109999000{n}" for n in range(1, 6)
)
SMS_BYTES, LMS_BYTES, SUBJECT_BYTES = 90, 2_000, 40  # in cp949, as the carriers count
MAX_CLOCK_SKEW = timedelta(minutes=15)
AUTHORIZATION = re.compile(
    r"HMAC-SHA256 apiKey=([^,]+), date=([^,]+), salt=([^,]+), signature=([0-9a-f]{64})", re.I
)
ACCEPTED, DELIVERED, NOT_DELIVERED = (
    "2000",
    "4000",
    "3104",
)  # SOLAPI's codes: accepted, received, no such number
UNREGISTERED_SENDER, TOO_LONG, WRONG_RECIPIENT = "1062", "1030", "1020"


class RequestRejected(Exception):
    """The whole request is rejected, with an HTTP status and SOLAPI's error code and text."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def authorise(header: str, settings: Settings, now: datetime) -> None:
    """Raise RequestRejected unless the header is signed with our secret and its date is current."""
    match = AUTHORIZATION.fullmatch(header.strip())
    if not match:
        raise RequestRejected(
            401, "InvalidAuthorization", "Authorization 헤더의 형식이 맞지 않습니다 / malformed header."
        )
    key, date, salt, signature = match.groups()
    expected = hmac.digest(
        settings.sms_api_secret.get_secret_value().encode(), (date + salt).encode(), "sha256"
    ).hex()
    if key != settings.sms_api_key or not hmac.compare_digest(signature.lower(), expected):
        raise RequestRejected(
            403, "SignatureDoesNotMatch", "API 키 또는 서명이 맞지 않습니다 / key or signature is wrong."
        )
    if abs(now - _request_time(date)) > MAX_CLOCK_SKEW:
        raise RequestRejected(
            403, "RequestTimeTooSkewed", "요청 시각이 15분 넘게 다릅니다 / the date is over 15 minutes off."
        )


def _request_time(date: str) -> datetime:
    try:
        time = datetime.fromisoformat(date)
    except ValueError as failure:
        raise RequestRejected(
            400, "InvalidDate", "date가 ISO 8601 형식이 아닙니다 / date is not ISO 8601."
        ) from failure
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def accept(body: Any, settings: Settings, journal: Journal) -> tuple[dict[str, Any], list[Record]]:
    """Accept a request: return SOLAPI's answer and the accepted records. Raises RequestRejected when malformed."""
    messages = _validated_messages(body)
    group = f"G4V{secrets.token_hex(14).upper()}"
    records = [_record(message, group, settings) for message in messages]
    for record in records:
        journal.save(record)
    accepted = [record for record in records if record["state"] != "refused"]
    return _response(group, records, bool(body.get("showMessageList"))), accepted


def _validated_messages(body: Any) -> list[dict[str, Any]]:
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not 1 <= len(messages) <= 10_000:
        raise RequestRejected(
            400,
            "ValidationError",
            "messages는 1~10,000건의 목록이어야 합니다 / messages: a list of 1-10,000.",
        )
    for number, message in enumerate(messages):
        for name in ("to", "from", "text"):
            if not isinstance(message, dict) or not isinstance(message.get(name), str) or not message[name]:
                raise RequestRejected(
                    400, "ValidationError", f"messages[{number}].{name}이(가) 없습니다 / is missing."
                )
    return messages


def _record(message: dict[str, Any], group: str, settings: Settings) -> Record:
    size = _size(message["text"])
    kind = str(message.get("type") or ("SMS" if size <= SMS_BYTES else "LMS"))
    code, reason = _refusal(message, kind, size, settings)
    return {
        "id": f"M4V{secrets.token_hex(14).upper()}",
        "group": group,
        "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "to": message["to"],
        "from": message["from"],
        "subject": message.get("subject") or "",
        "text": message["text"],
        "type": kind,
        "bytes": size,
        "unencodable": _unencodable(message["text"]),
        "customFields": message.get("customFields") or {},
        "state": "refused" if code else "accepted",
        "code": code or ACCEPTED,
        "reason": reason,
        "receipt_attempts": 0,
    }


def _size(text: str) -> int:
    """Return the size in bytes as the carriers count them; an unencodable character counts as a question mark."""
    return len(text.encode("cp949", errors="replace"))


def _refusal(message: dict[str, Any], kind: str, size: int, settings: Settings) -> tuple[str, str]:
    if message["from"] not in settings.senders:
        return UNREGISTERED_SENDER, "등록되지 않은 발신번호 / the sender number is not registered"
    if message["to"] == REFUSED_NUMBER or not re.fullmatch(r"0\d{8,10}", message["to"]):
        return WRONG_RECIPIENT, "수신번호가 올바르지 않음 / the recipient's number is wrong"
    if size > (SMS_BYTES if kind == "SMS" else LMS_BYTES):
        return TOO_LONG, f"{kind} {size}바이트: 너무 김 / too long"
    if _size(message.get("subject") or "") > SUBJECT_BYTES:
        return TOO_LONG, "제목이 40바이트를 넘음 / the subject is over 40 bytes"
    return "", ""


def _unencodable(text: str) -> str:
    """Return the characters that a phone would show as a question mark."""
    return "".join(dict.fromkeys(char for char in text if not _encodable(char)))


def _encodable(char: str) -> bool:
    try:
        char.encode("cp949")
    except UnicodeEncodeError:
        return False
    return True


def _response(group: str, records: list[Record], show_messages: bool) -> dict[str, Any]:
    failed = [record for record in records if record["state"] == "refused"]
    accepted = [record for record in records if record["state"] != "refused"]
    count = {
        "total": len(records),
        "sentTotal": 0,
        "sentFailed": 0,
        "sentSuccess": 0,
        "sentPending": 0,
        "sentReplacement": 0,
    }
    registered = {"refund": 0, "registeredFailed": len(failed), "registeredSuccess": len(accepted)}
    return {
        "groupInfo": {"_id": group, "groupId": group, "status": "SENDING", "count": {**count, **registered}},
        "failedMessageList": [_message_result(record) for record in failed],
        "messageList": [_message_result(record) for record in accepted] if show_messages else None,
    }


def _message_result(record: Record) -> dict[str, Any]:
    text = record["reason"] or "정상 접수(이통사로 접수 예정)"
    return {
        "messageId": record["id"],
        "groupId": record["group"],
        "to": record["to"],
        "from": record["from"],
        "type": record["type"],
        "country": "82",
        "customFields": record["customFields"],
        "statusCode": record["code"],
        "statusMessage": text,
    }


def awaiting_delivery_report(records: Iterable[Record]) -> list[Record]:
    """Return the accepted messages whose delivery report is still due."""
    return [record for record in records if record["state"] == "accepted" and record["to"] != SILENT_NUMBER]
