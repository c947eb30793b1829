"""The figures as a table: on the terminal, and in docs/benchmarks.md between its two markers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
MARKED = re.compile(r"(<!-- figures -->\n).*(<!-- /figures -->)", re.DOTALL)
HEADINGS = ("figure", "value", "limit", "unit", "ratio", "goal", "")


def cells(one: Figure) -> Sequence[str]:
    value, limit, ratio = (_number(number) for number in (one.value, one.limit, one.ratio))
    verdict = f"peer missing: {one.missing}" if one.missing else "ok" if one.ok else "MISSED"
    return (one.figure, value, limit, one.unit, ratio, one.goal, verdict if one.goal or one.missing else "")


def _number(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.3g}"


def show(figures: Iterable[Figure], took: Mapping[str, float]) -> None:
    table = Table(*HEADINGS)
    for one in figures:
        table.add_row(*cells(one))
    console = Console(stderr=True)
    console.print(table)
    console.print(_durations(took))


def write(figures: Sequence[Figure], took: Mapping[str, float]) -> None:
    """Raises ValueError when the document has lost its markers."""
    rows = [HEADINGS, ["---"] * len(HEADINGS), *(cells(one) for one in figures)]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
    text = f"\n{date.today().isoformat()}\n\n{table}\n\n{_durations(took)}\n\n"
    document, count = MARKED.subn(
        lambda found: found[1] + text + found[2], DOCUMENT.read_text(encoding="utf-8")
    )
    if count != 1:
        raise ValueError(f"표시가 없습니다 / no markers: {DOCUMENT}")
    DOCUMENT.write_text(document, encoding="utf-8")


def _durations(took: Mapping[str, float]) -> str:
    each = ", ".join(f"{name} {seconds / 60:.1f}" for name, seconds in took.items())
    return f"걸린 시간(분) / minutes: {each}; {sum(took.values()) / 60:.1f} in all."
