"""How the sections of a programme's page stand: side by side in two columns of like height, or across it.

Heights are of a page 1440 px wide, as measured; they decide only where a section stands, never how it is drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from services.monitoring.board.parts.programme_view import ProgrammeView

GAP = 28  # px between the sections of a column
LIKE = 60  # px: a difference that nobody calls a hole
MOST_DUE = 7  # rows shown before the rest is folded away
FIRST = ("money",)
LEFT = ("funnel", "pledge", "municipalities", "consultation")
RIGHT = ("goal", "indicator", "draft")
PLACES: Mapping[str, str] = {  # where the others may stand: left, right, across
    "companies": "rl",
    "execution": "lra",
    "mentors": "rl",
    "due": "alr",
    "risks": "alr",
}
LAST = ("tracks",)


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of sections, from above: across, then two columns, then across again."""

    first: Sequence[str]
    left: Sequence[str]
    right: Sequence[str]
    last: Sequence[str]


def of_programme(view: ProgrammeView) -> Layout:
    return of_heights(tuple(heights(view).items()))


@lru_cache(maxsize=500)
def of_heights(given: tuple[tuple[str, int], ...]) -> Layout:
    """The places that leave the smallest hole; of like ones, those that come first in PLACES."""
    tall = dict(given)
    loose = [name for name in PLACES if name in tall]
    options = (
        placed(tall, dict(zip(loose, way, strict=True))) for way in product(*(PLACES[name] for name in loose))
    )
    best = min(options, key=lambda layout: hole(tall, layout) // LIKE)
    if best.left and best.right:
        return best
    return Layout([*best.first, *best.left, *best.right], (), (), best.last)


def placed(tall: Mapping[str, int], way: Mapping[str, str]) -> Layout:
    def there(fixed: Sequence[str], place: str) -> list[str]:
        return [name for name in (*fixed, *way) if name in tall and way.get(name, place) == place]

    return Layout(
        [name for name in FIRST if name in tall], there(LEFT, "l"), there(RIGHT, "r"), there(LAST, "a")
    )


def hole(tall: Mapping[str, int], layout: Layout) -> int:
    """How much longer one column is than the other, in px."""
    left, right = (sum(tall[name] + GAP for name in column) for column in (layout.left, layout.right))
    return abs(left - right)


def heights(view: ProgrammeView) -> dict[str, int]:
    """The sections that the programme has, and about how tall each is, in px."""
    found = {
        "money": 600 * bool(view.money),
        "pledge": table(150, view.pledge.computed if view.pledge else ()),
        "indicator": 180 * len(view.indicators),
        "companies": companies(view),
        "execution": table(150 if view.execution and view.execution.has_plan else 80, rows_of(view)),
        "tracks": 260 * bool(view.tracks),
        "municipalities": table(110, view.municipalities, row=31),
        "mentors": 195 * bool(view.mentors),
        "due": table(110 if len(view.due) > MOST_DUE else 73, view.due[:MOST_DUE], row=45),
        "risks": table(72, view.risks),
        "consultation": 175 * bool(view.consultation),
        "draft": 165 * bool(view.consultation),
    }
    return {name: tall for name, tall in (found | of_round(view)).items() if tall}


def table(head: int, rows: Sequence[object] | None, row: int = 40) -> int:
    return head + row * len(rows) if rows else 0


def rows_of(view: ProgrammeView) -> Sequence[object]:
    return view.execution.rows if view.execution else ()


def companies(view: ProgrammeView) -> int:
    """A drawing with up to a line a status, and a row for each status."""
    rows = 3 if any(year.planned_new.value is not None for year in view.companies) else 2
    beside = len(view.companies) < 3  # few bars leave room for the table
    return 0 if not view.companies else 250 if beside else 254 + 41 * rows


def of_round(view: ProgrammeView) -> dict[str, int]:
    """The funnel, where companies apply, and the goal beside it."""
    if not view.has_calls or not any(one.selected.value for one in view.rounds):
        return {}
    return {"funnel": 310, "goal": 310 if view.companies_planned.value else 0}
