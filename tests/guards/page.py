"""The table of guards in docs/reliability.md."""

import re

from tests.guards.table import GUARDS, Guard
from tests.sources import ROOT

PAGE = ROOT / "docs" / "reliability.md"
TABLE = re.compile(r"(?<=<!-- guards: python -m tests.guards --write -->\n).*(?=<!-- /guards -->)", re.DOTALL)
HEAD = "| 보호 장치 / guard | 막는 것 / what it prevents | 빼는 법 / removed by | 실패하는 시험 / tests that fail |\n|---|---|---|---|\n"


def table() -> str:
    return HEAD + "".join(row(guard) for guard in GUARDS)


def row(guard: Guard) -> str:
    sql = " ".join(guard.sql.split())
    tests = "<br>".join(dict.fromkeys(short_name(test) for test in guard.tests))
    return f"| {guard.name} | {guard.ko} / {guard.en} | `{sql}` ({guard.service}) | {tests} |\n"


def short_name(test: str) -> str:
    """Return the test's file and name, without its parameters."""
    path, _, name = test.partition("::")
    return f"`{path.rpartition('/')[2]}` {name.partition('[')[0]}"


def written() -> str:
    """Return the table as the page has it."""
    [table] = TABLE.findall(PAGE.read_text(encoding="utf-8"))
    return str(table)


def write() -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(TABLE.sub(lambda _: table(), page), encoding="utf-8")
