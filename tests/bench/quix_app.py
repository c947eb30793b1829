"""Quix Streams with state, run by the Python of the peers: counts each case's events and sums its amounts (won).

With rollups it also counts the events of each programme by day; Quix repartitions them through topics of its own.
Default settings: RocksDB, changelog topics on. Its result follows after `events` events.
"""

import json
import sys
import tempfile
import time
from typing import Any

from quixstreams import Application, State


class Sums:
    """Sums of all running counts and sums, which the parent compares with the expected ones."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0
        self.events = self.keys = self.won = self.ranks = 0
        self.rollup_events = self.rollups = self.rollup_ranks = 0

    def add(self, value: dict[str, Any], state: State) -> dict[str, Any]:
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
        return {"programme": value["programme_id"], "on": value["occurred_on"]}

    def add_to_rollup(self, value: dict[str, Any], state: State) -> dict[str, int]:
        count = state.get(value["on"], 0) + 1
        state.set(value["on"], count)
        self.rollup_events, self.rollups = self.rollup_events + 1, self.rollups + (count == 1)
        self.rollup_ranks += count
        self.ended = time.perf_counter()
        return {"count": count}


def main() -> None:
    arguments, sums = json.loads(sys.argv[1]), Sums()
    with tempfile.TemporaryDirectory(prefix="ieum-quix-") as folder:
        app = Application(
            broker_address=arguments["bootstrap"],
            consumer_group=arguments["group"],
            auto_offset_reset="earliest",
            state_dir=folder,
            loglevel="ERROR",
        )
        stop = StopAfter(app, arguments["events"])
        for name in arguments["topics"]:
            frame = app.dataframe(app.topic(name, value_deserializer="json")).apply(sums.add, stateful=True)
            if arguments["rollups"]:
                frame = frame.group_by("programme").apply(sums.add_to_rollup, stateful=True)
            frame.update(stop.count)
        app.run(timeout=arguments["timeout"])
    print(json.dumps(vars(sums)), flush=True)  # noqa: T201  the channel to the parent


class StopAfter:
    """Stop the application after so many events have been processed."""

    def __init__(self, app: Application, events: int) -> None:
        self.app, self.remaining = app, events

    def count(self, value: object) -> None:
        self.remaining -= 1
        if not self.remaining:
            self.app.stop()


if __name__ == "__main__":
    main()
