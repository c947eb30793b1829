"""CloudEvents 1.0 on Kafka: written in binary mode, read in binary and structured mode."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from uuid_utils.compat import uuid7

from shared.errors import Malformed
from shared.events import Event
from shared.observability.logs import correlation

Headers = Sequence[tuple[str, bytes]]
Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
DATA_LIMIT = 900_000  # bytes: below the 1 MiB that a broker accepts, with room for headers


class Envelope(BaseModel):
    """CloudEvents attributes of an event: identity, source, subject and causes; never business data.

    `sequence` is the event's number in its subject; events of external systems have none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Text
    source: Text
    type: Text
    time: AwareDatetime
    subject: Text
    sequence: Annotated[str, StringConstraints(pattern=r"^\d{20}$")] | None = None
    correlationid: Text | None = None
    causationid: Text | None = None
    traceparent: Text | None = None
    authtype: Text | None = None
    authid: Text | None = None


def new_attributes(event: Event) -> dict[str, str]:
    """Return the attributes of a new event; the event log adds its `sequence`."""
    id = str(uuid7())
    return {
        "specversion": "1.0",
        "id": id,
        "source": event.source,
        "type": event.type(),
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "subject": event.subject,
        "correlationid": id,
    } | correlation()


def read(headers: Headers, value: bytes | None) -> tuple[Envelope, bytes]:
    """Return the envelope and the bytes of the data. Raises Malformed, with the reason in Korean and English."""
    if value is None:
        raise Malformed(
            "본문이 없습니다(null). 이음의 토픽에는 삭제 표시를 쓰지 않습니다 / no body: our topics have no tombstones"
        )
    if len(value) > DATA_LIMIT:
        raise Malformed(
            f"본문이 {len(value):,}바이트입니다. {DATA_LIMIT:,}바이트까지 받습니다 / larger than the limit"
        )
    try:
        content_type = (dict(headers).get("content-type") or b"").decode().lower()
        if content_type.startswith("application/cloudevents"):
            return _structured(value)
        return Envelope.model_validate(_attributes(headers)), value
    except (ValidationError, UnicodeDecodeError, orjson.JSONDecodeError, TypeError, AttributeError) as error:
        raise Malformed(f"CloudEvents 1.0 형식이 아닙니다: {explain(error)} / not a CloudEvent") from error


def _attributes(headers: Headers) -> dict[str, str]:
    return {name[3:]: text.decode() for name, text in headers if name.startswith("ce_")}


def _structured(value: bytes) -> tuple[Envelope, bytes]:
    fields: Any = orjson.loads(value)
    if not isinstance(fields, dict) or "data" not in fields:
        raise Malformed("structured 방식에는 data가 있어야 합니다 / a structured event has a `data` member")
    return Envelope.model_validate(fields), orjson.dumps(fields["data"])


def explain(error: Exception) -> str:
    """Return the fields and the rules that they break, without the values, which may be personal."""
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(
            f"{'.'.join(map(str, detail['loc'])) or '전체'}: {detail['msg']}" for detail in details[:5]
        )
    return type(error).__name__
