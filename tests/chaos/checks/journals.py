"""Messages that the providers accepted, from the journals that the local inboxes keep on disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

MESSAGE_ID = "messageId"  # of the SMS gateway's own fields


@dataclass(frozen=True)
class Accepted:
    """A message that a provider accepted, by channel and by our id of it."""

    channel: str
    message_id: str


def accepted_in(folder: Path) -> list[Accepted]:
    """Return each accepted message; a line with an earlier line's id replaces it."""
    mails = {line["id"]: line for line in _lines(folder / "mails.jsonl")}
    texts = {line["id"]: line for line in _lines(folder / "sms.jsonl")}
    return [
        *(Accepted("email", mail["message_id"].strip("<>").partition("@")[0]) for mail in mails.values()),
        *(
            Accepted("sms", text["customFields"].get(MESSAGE_ID, ""))
            for text in texts.values()
            if text["state"] != "refused"
        ),
    ]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """Skip the last line where the provider was killed while writing it."""
    for line in file.read_bytes().splitlines(keepends=True) if file.exists() else ():
        if line.endswith(b"\n"):
            yield orjson.loads(line)
