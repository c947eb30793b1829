"""Records kept in memory and appended to a JSONL file, so that a restart has them again."""

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Journal:
    """Records by id in the order they came; a record that is written again replaces the earlier one."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self.records: dict[str, Record] = {one["id"]: one for one in _lines(file)}

    def keep(self, record: Record) -> None:
        """Keep the record, in memory and on disk."""
        self.records[record["id"]] = record
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")

    def newest_first(self) -> list[Record]:
        """Return all records, the last that came first."""
        return list(reversed(self.records.values()))


def _lines(file: Path) -> list[Record]:
    """Read what is whole: the last line may be half written when the process was killed."""
    if not file.exists():
        return []
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]
