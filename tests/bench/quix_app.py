"""Quix Streams with state, run by the Python of the peers: counts each case's events and sums its won.

Settings are its own: RocksDB, changelog topics on. It answers when it has had `events` of them.
"""

import json
import sys
import tempfile
import time
from typing import Any

from quixstreams import Application, State


class Sums:
    """What went through the state, added up: the parent knows what must come out."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0
        self.events = self.keys = self.won = self.ranks = 0

    def add(self, value: dict[str, Any], state: State) -> dict[str, int]:
        self.began = self.began or time.perf_counter()
        count, won = (
            state.get("count", 0) + 1,
            state.get("won", 0) + sum(value.get("amounts_krw", {}).values()),
        )
        state.set("count", count)
        state.set("won", won)
        self.events, self.keys, self.ranks = self.events + 1, self.keys + (count == 1), self.ranks + count
        self.won += won
        self.ended = time.perf_counter()
        return {"count": count, "won": won}


def main() -> None:
    given, sums = json.loads(sys.argv[1]), Sums()
    with tempfile.TemporaryDirectory(prefix="ieum-quix-") as folder:
        app = Application(
            broker_address=given["bootstrap"],
            consumer_group=given["group"],
            auto_offset_reset="earliest",
            state_dir=folder,
            loglevel="ERROR",
        )
        for name in given["topics"]:
            app.dataframe(app.topic(name, value_deserializer="json")).apply(sums.add, stateful=True)
        app.run(count=given["events"], timeout=given["patience"])
    print(json.dumps(vars(sums)), flush=True)  # noqa: T201  its purpose


if __name__ == "__main__":
    main()
