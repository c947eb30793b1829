"""An SMS gateway in SOLAPI's wire shape: checks the signature and the sender, accepts, and sends receipts later.

Numbers that behave on purpose, for tests:

    01099990001   refused at once (failedMessageList)
    01099990002   accepted, then silence: no receipt ever comes
    01099990003   accepted, its receipt comes late (IEUM_SMS_LATE_RECEIPT_DELAY seconds)
    01099990004   accepted, its receipt says that it could not be delivered
    01099990005   accepted and kept, but the answer is HTTP 500: the sender cannot know
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

REFUSED, SILENT, LATE, UNDELIVERED, ANSWER_LOST = (f"0109999000{n}" for n in range(1, 6))
SMS_BYTES, LMS_BYTES, SUBJECT_BYTES = 90, 2_000, 40  # in cp949, as the carriers count
CLOCK_DIFFERENCE = timedelta(minutes=15)
AUTHORIZATION = re.compile(
    r"HMAC-SHA256 apiKey=([^,]+), date=([^,]+), salt=([^,]+), signature=([0-9a-f]{64})", re.I
)
ACCEPTED, DELIVERED, NOT_DELIVERED = "2000", "4000", "3104"  # SOLAPI's: taken over, received, no such number
UNREGISTERED_SENDER, TOO_LONG, WRONG_RECIPIENT = "1062", "1030", "1020"


class Refused(Exception):
    """A request that is not taken at all: its HTTP status and SOLAPI's error code and text."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def authorise(header: str, settings: Settings, now: datetime) -> None:
    """Raise Refused unless the header is signed with our secret, about now."""
    match = AUTHORIZATION.fullmatch(header.strip())
    if not match:
        raise Refused(
            401, "InvalidAuthorization", "Authorization 헤더의 형식이 맞지 않습니다 / malformed header."
        )
    key, date, salt, signature = match.groups()
    expected = hmac.digest(
        settings.sms_api_secret.get_secret_value().encode(), (date + salt).encode(), "sha256"
    ).hex()
    if key != settings.sms_api_key or not hmac.compare_digest(signature.lower(), expected):
        raise Refused(
            403, "SignatureDoesNotMatch", "API 키 또는 서명이 맞지 않습니다 / key or signature is wrong."
        )
    if abs(now - _when(date)) > CLOCK_DIFFERENCE:
        raise Refused(
            403, "RequestTimeTooSkewed", "요청 시각이 15분 넘게 다릅니다 / the date is over 15 minutes off."
        )


def _when(date: str) -> datetime:
    try:
        given = datetime.fromisoformat(date)
    except ValueError as failure:
        raise Refused(
            400, "InvalidDate", "date가 ISO 8601 형식이 아닙니다 / date is not ISO 8601."
        ) from failure
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def take(body: Any, settings: Settings, journal: Journal) -> tuple[dict[str, Any], list[Record]]:
    """Take over a request: return SOLAPI's answer and the records that were accepted. Raises Refused when malformed."""
    messages = _messages(body)
    group = f"G4V{secrets.token_hex(14).upper()}"
    records = [_record(one, group, settings) for one in messages]
    for record in records:
        journal.keep(record)
    accepted = [one for one in records if one["state"] != "refused"]
    return _answer(group, records, bool(body.get("showMessageList"))), accepted


def _messages(body: Any) -> list[dict[str, Any]]:
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not 1 <= len(messages) <= 10_000:
        raise Refused(
            400,
            "ValidationError",
            "messages는 1~10,000건의 목록이어야 합니다 / messages: a list of 1-10,000.",
        )
    for number, one in enumerate(messages):
        for name in ("to", "from", "text"):
            if not isinstance(one, dict) or not isinstance(one.get(name), str) or not one[name]:
                raise Refused(
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
    """Return its bytes as the carriers count them; what they cannot say is a question mark."""
    return len(text.encode("cp949", errors="replace"))


def _refusal(message: dict[str, Any], kind: str, size: int, settings: Settings) -> tuple[str, str]:
    if message["from"] not in settings.senders:
        return UNREGISTERED_SENDER, "등록되지 않은 발신번호 / the sender number is not registered"
    if message["to"] == REFUSED or not re.fullmatch(r"0\d{8,10}", message["to"]):
        return WRONG_RECIPIENT, "수신번호가 올바르지 않음 / the recipient's number is wrong"
    if size > (SMS_BYTES if kind == "SMS" else LMS_BYTES):
        return TOO_LONG, f"{kind} {size}바이트: 너무 김 / too long"
    if _size(message.get("subject") or "") > SUBJECT_BYTES:
        return TOO_LONG, "제목이 40바이트를 넘음 / the subject is over 40 bytes"
    return "", ""


def _unencodable(text: str) -> str:
    """Return the characters that a handset would show as a question mark."""
    return "".join(dict.fromkeys(char for char in text if not _encodable(char)))


def _encodable(char: str) -> bool:
    try:
        char.encode("cp949")
    except UnicodeEncodeError:
        return False
    return True


def _answer(group: str, records: list[Record], show: bool) -> dict[str, Any]:
    failed = [one for one in records if one["state"] == "refused"]
    total, good = len(records), len(records) - len(failed)
    count = {
        "total": total,
        "sentTotal": 0,
        "sentFailed": 0,
        "sentSuccess": 0,
        "sentPending": 0,
        "sentReplacement": 0,
    }
    registered = {"refund": 0, "registeredFailed": len(failed), "registeredSuccess": good}
    return {
        "groupInfo": {"_id": group, "groupId": group, "status": "SENDING", "count": {**count, **registered}},
        "failedMessageList": [_told(one) for one in failed],
        "messageList": [_told(one) for one in records if one["state"] != "refused"] if show else None,
    }


def _told(record: Record) -> dict[str, Any]:
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


def waiting_for_receipt(records: Iterable[Record]) -> list[Record]:
    """Return the accepted messages whose receipt has not been told yet."""
    return [one for one in records if one["state"] == "accepted" and one["to"] != SILENT]
