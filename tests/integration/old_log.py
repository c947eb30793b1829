"""The log of a whole demo as the project wrote it at commit 6bb1c37, before events carried facts alone."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

FILE = Path(__file__).parents[1] / "fixtures" / "log_6bb1c37.jsonl.gz"


def records() -> Iterator[dict[str, Any]]:
    """Yield the arguments with which a producer sends each record, each partition's in its order."""
    with gzip.open(FILE) as lines:
        for line in lines:
            record = orjson.loads(line)
            headers = [(name, text.encode()) for name, text in record["headers"].items()]
            texts = {name: record[name].encode() for name in ("key", "value")}
            yield record | texts | {"headers": headers}
