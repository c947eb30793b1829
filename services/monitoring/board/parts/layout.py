"""Layout of a programme's page: sections in two columns of similar height, or across the page.

Heights are as measured on a page 1440 px wide; they decide only where a section is placed, not how it is rendered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from services.monitoring.figures.programme import ProgrammeView

GAP = 28  # px between the sections of a column
TOLERANCE = 60  # px: a difference in height that does not show
DUE_ROWS_SHOWN = 7  # the rest is folded
FIRST = ("money",)
LEFT = ("funnel", "pledge", "municipalities", "consultation")
RIGHT = ("goal", "indicator", "draft")
MOVABLE: Mapping[str, str] = {  # where the other sections may be placed: left, right, across
    "companies": "rl",
    "execution": "lra",
    "mentors": "rl",
    "due": "alr",
    "risks": "alr",
}
LAST = ("tracks",)


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of sections from the top: across the page, two columns, across again."""

    first: Sequence[str]
    left: Sequence[str]
    right: Sequence[str]
    last: Sequence[str]


def programme_layout(view: ProgrammeView) -> Layout:
    return best_layout(tuple(section_heights(view).items()))


@lru_cache(maxsize=500)
def best_layout(sections: tuple[tuple[str, int], ...]) -> Layout:
    """Return the layout with the smallest difference in height; of similar ones, the first in the order of MOVABLE."""
    heights = dict(sections)
    movable = [name for name in MOVABLE if name in heights]
    options = (
        arrange(heights, dict(zip(movable, columns, strict=True)))
        for columns in product(*(MOVABLE[name] for name in movable))
    )
    best = min(options, key=lambda layout: height_difference(heights, layout) // TOLERANCE)
    if best.left and best.right:
        return best
    return Layout([*best.first, *best.left, *best.right], (), (), best.last)


def arrange(heights: Mapping[str, int], columns: Mapping[str, str]) -> Layout:
    """Return the layout with each movable section in its column."""

    def names_in(fixed: Sequence[str], column: str) -> list[str]:
        return [
            name for name in (*fixed, *columns) if name in heights and columns.get(name, column) == column
        ]

    return Layout(
        [name for name in FIRST if name in heights],
        names_in(LEFT, "l"),
        names_in(RIGHT, "r"),
        names_in(LAST, "a"),
    )


def height_difference(heights: Mapping[str, int], layout: Layout) -> int:
    """Return the difference in height of the two columns, in px."""
    left, right = (sum(heights[name] + GAP for name in column) for column in (layout.left, layout.right))
    return abs(left - right)


def section_heights(view: ProgrammeView) -> dict[str, int]:
    """Return the sections that the programme has, with their approximate heights in px."""
    sections = {
        "money": 600 * bool(view.money),
        "pledge": table_height(150, view.pledge.computed if view.pledge else ()),
        "indicator": 180 * len(view.indicators),
        "companies": companies_height(view),
        "execution": table_height(
            150 if view.execution and view.execution.has_plan else 80, execution_rows(view)
        ),
        "tracks": 260 * bool(view.tracks),
        "municipalities": table_height(110, view.municipalities, row=31),
        "mentors": 195 * bool(view.mentors),
        "due": table_height(110 if len(view.due) > DUE_ROWS_SHOWN else 73, view.due[:DUE_ROWS_SHOWN], row=45),
        "risks": table_height(72, view.risks),
        "consultation": 175 * bool(view.consultation),
        "draft": 165 * bool(view.consultation),
    }
    return {name: height for name, height in (sections | round_heights(view)).items() if height}


def table_height(head: int, rows: Sequence[object] | None, row: int = 40) -> int:
    return head + row * len(rows) if rows else 0


def execution_rows(view: ProgrammeView) -> Sequence[object]:
    return view.execution.rows if view.execution else ()


def companies_height(view: ProgrammeView) -> int:
    """Return the height of the chart and its table, which stand side by side where there are few bars."""
    rows = 3 if any(year.planned_new.value is not None for year in view.companies) else 2
    side_by_side = len(view.companies) < 3
    return 0 if not view.companies else 250 if side_by_side else 254 + 41 * rows


def round_heights(view: ProgrammeView) -> dict[str, int]:
    """Return the heights of the funnel, where companies apply, and of the goal beside it."""
    if not view.takes_applications or not any(row.selected.value for row in view.rounds):
        return {}
    return {"funnel": 310, "goal": 310 if view.companies_planned.value else 0}
