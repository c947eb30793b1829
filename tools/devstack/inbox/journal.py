"""Records in memory, appended to a JSONL file that a restart reads again."""

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Journal:
    """Records by id in order of arrival; a record saved again replaces the earlier one."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self.records: dict[str, Record] = {record["id"]: record for record in _lines(file)}

    def save(self, record: Record) -> None:
        """Store the record in memory and append it to the file."""
        self.records[record["id"]] = record
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")

    def newest_first(self) -> list[Record]:
        """Return all records, the newest first."""
        return list(reversed(self.records.values()))


def _lines(file: Path) -> list[Record]:
    """Return the records of the complete lines, and cut off a last line that a killed process left incomplete."""
    if not file.exists():
        return []
    text = file.read_text(encoding="utf-8")
    complete = text[: text.rfind("\n") + 1]
    if complete != text:
        file.write_text(complete, encoding="utf-8")
    return [json.loads(line) for line in complete.splitlines()]
