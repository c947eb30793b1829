"""What the providers took over, from the journals that the local inboxes keep on disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tests.chaos.checker.evidence import Accepted

OURS = "messageId"  # of the SMS gateway's own fields


def accepted_in(folder: Path) -> list[Accepted]:
    """A line that bears an earlier one's id replaces it: it tells how that message went on."""
    mails = {one["id"]: one for one in _lines(folder / "mails.jsonl")}
    texts = {one["id"]: one for one in _lines(folder / "sms.jsonl")}
    return [
        *(Accepted("email", one["message_id"].strip("<>").partition("@")[0]) for one in mails.values()),
        *(
            Accepted("sms", one["customFields"].get(OURS, ""))
            for one in texts.values()
            if one["state"] != "refused"
        ),
    ]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The last line may be half written when the provider was killed."""
    for line in file.read_bytes().splitlines(keepends=True) if file.exists() else ():
        if line.endswith(b"\n"):
            yield orjson.loads(line)
