"""Quix Streams with state, run by the Python of the peers: counts each case's events and sums its won.

Where it is asked to, it also counts the events of each programme by day, for which Quix sends them through topics of
their own. Settings are its own: RocksDB, changelog topics on. It answers when it has had `events` of them.
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
        self.tiled = self.tiles = self.tile_ranks = 0

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

    def add_to_tile(self, value: dict[str, Any], state: State) -> dict[str, int]:
        count = state.get(value["on"], 0) + 1
        state.set(value["on"], count)
        self.tiled, self.tiles = self.tiled + 1, self.tiles + (count == 1)
        self.tile_ranks += count
        self.ended = time.perf_counter()
        return {"count": count}


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
        last = Last(app, given["events"])
        for name in given["topics"]:
            frame = app.dataframe(app.topic(name, value_deserializer="json")).apply(sums.add, stateful=True)
            if given["tiles"]:
                frame = frame.group_by("programme").apply(sums.add_to_tile, stateful=True)
            frame.update(last.seen)
        app.run(timeout=given["patience"])
    print(json.dumps(vars(sums)), flush=True)  # noqa: T201  its purpose


class Last:
    """Ends the application when so many values have come to their end."""

    def __init__(self, app: Application, events: int) -> None:
        self.app, self.left = app, events

    def seen(self, value: object) -> None:
        self.left -= 1
        if not self.left:
            self.app.stop()


if __name__ == "__main__":
    main()
