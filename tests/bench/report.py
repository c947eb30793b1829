"""Report of the figures as a table: on the terminal, and in docs/benchmarks.md between its two markers."""

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


def cells(figure: Figure) -> Sequence[str]:
    value, limit, ratio = (_number(number) for number in (figure.value, figure.limit, figure.ratio))
    status = f"peer missing: {figure.missing}" if figure.missing else "ok" if figure.ok else "MISSED"
    return (
        figure.figure,
        value,
        limit,
        figure.unit,
        ratio,
        figure.goal,
        status if figure.goal or figure.missing else "",
    )


def _number(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.3g}"


def show(figures: Iterable[Figure], durations: Mapping[str, float]) -> None:
    table = Table(*HEADINGS)
    for figure in figures:
        table.add_row(*cells(figure))
    console = Console(stderr=True)
    console.print(table)
    console.print(_durations(durations))


def write(figures: Sequence[Figure], durations: Mapping[str, float]) -> None:
    """Replace the table in the document; raises ValueError if it has no markers."""
    rows = [HEADINGS, ["---"] * len(HEADINGS), *(cells(figure) for figure in figures)]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
    text = f"\n{date.today().isoformat()}\n\n{table}\n\n{_durations(durations)}\n\n"
    document, count = MARKED.subn(
        lambda marked: marked[1] + text + marked[2], DOCUMENT.read_text(encoding="utf-8")
    )
    if count != 1:
        raise ValueError(f"표시가 없습니다 / no markers: {DOCUMENT}")
    DOCUMENT.write_text(document, encoding="utf-8")


def _durations(durations: Mapping[str, float]) -> str:
    each = ", ".join(f"{name} {seconds / 60:.1f}" for name, seconds in durations.items())
    return f"걸린 시간(분) / minutes: {each}; {sum(durations.values()) / 60:.1f} in all."
