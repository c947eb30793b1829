"""The table guard → removed how → red test, in docs/reliability.md."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.sabotage.guard import Guard
from tests.sources import ROOT

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- guards: python -m tests.sabotage --write -->", "<!-- /guards -->"
HEAD = "| 보호 장치 / guard | 막는 것 / what it prevents | 빼는 법 / removed how | 알아챈 시험 / what went red |\n|---|---|---|---|\n"
BETWEEN = re.compile(f"(?<={re.escape(BEGIN)}\n).*(?={re.escape(END)})", re.DOTALL)


def table(guards: Iterable[Guard], red: Mapping[str, Sequence[str]]) -> str:
    return HEAD + "".join(row(one, red[one.name]) for one in guards)


def row(guard: Guard, red: Sequence[str]) -> str:
    how = guard.removal.how.replace("|", "\\|").replace("\n", " ")
    return f"| {guard.name} | {guard.prevents} | {how} | {'<br>'.join(sorted({known_as(one) for one in red}))} |\n"


def known_as(test: str) -> str:
    """The test without its parameters, below its file's name."""
    path, _, name = test.partition("::")
    return f"`{Path(path).name}` {name.partition('[')[0]}"


def names(page: Path = PAGE) -> list[str]:
    """The guards that the page lists, in its order."""
    found = BETWEEN.search(page.read_text(encoding="utf-8"))
    return re.findall(r"^\| ([a-z0-9-]+) \|", found.group() if found else "", re.MULTILINE)


def write(content: str, page: Path = PAGE) -> None:
    known = page.read_text(encoding="utf-8")
    page.write_text(BETWEEN.sub(lambda _: content, known), encoding="utf-8")
