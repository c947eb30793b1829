"""A figure, defined once: what it is called, its unit, its rule in words, its value, and the events that make it up.

Pages, the JSON API and the proof of a figure read the same definition. A definition covers a family of figures, one for
each scope: `committed.{year}.{funder}` has one for every year and funder.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from services.monitoring.figures import contributions
from services.monitoring.figures.contributions import Contributions
from services.monitoring.figures.inputs import FigureInputs
from shared.database.transaction import Transaction
from shared.events.definition import Definition

Unit = Literal["won", "companies", "times", "percent", "people", "municipalities"]
"""Unit of a figure; money is always whole won."""

Result = TypeVar("Result")


class Scope(NamedTuple):
    """Years, funder, track or municipality that a figure is of. `years` is a year or a range such as `2019-2021`; `funder` may also be `all` or `public`."""

    funder: str = ""
    year: int = 0
    years: str = ""
    period: str = ""
    track: str = ""
    municipality: str = ""
    indicator: str = ""


NO_SCOPE = Scope()

Value = Callable[[FigureInputs, Scope], int | None]
"""Computes a figure; None where it is unknown, which is shown as such and never as 0."""

Prove = Callable[[Transaction, FigureInputs, Scope], Awaitable[Contributions]]
"""Finds the events that make a figure up, read from the timeline alone: never from the value that is shown."""


@dataclass(frozen=True, eq=False)
class FigureDefinition:
    """The figures of one family.

    `path` is their place in the API, with the names of the scope in braces. `name` and `rule` are the keys of the words in
    the catalogue: `figure.<name>` is the title, `rule.<rule>` says how it is computed. `scopes` are those that a programme
    has. `adds` and `subtracts` name the events, for readers: `prove` alone decides what counts. `highlight` is the JSON key that
    is marked in an event's payload.
    """

    path: str
    name: str
    unit: Unit
    rule: str
    value: Value
    scopes: Callable[[FigureInputs], Iterable[Scope]]
    prove: Prove
    adds: tuple[str, ...]
    subtracts: tuple[str, ...] = ()
    highlight: str | None = None


class Figure(NamedTuple):  # a page has hundreds: frozen dataclasses take about twice as long to make
    """A value with its definition and scope; `value` None is unknown.

    `event_count` is the number of its events, shown beside large figures.
    """

    value: int | None
    definition: FigureDefinition | None = None
    scope: Scope = NO_SCOPE
    programme_id: str = ""
    event_count: int | None = None

    @property
    def path(self) -> str:
        return self.definition.path.format_map(self.scope._asdict()) if self.definition else ""

    @property
    def key(self) -> str | None:
        """The address of its proof: `<programme>.<path>`; None for a figure without."""
        return f"{self.programme_id}.{self.path}" if self.definition else None


UNKNOWN = Figure(None)


def figure(
    inputs: FigureInputs,
    definition: FigureDefinition,
    scope: Scope = NO_SCOPE,
    *,
    event_count: int | None = None,
) -> Figure:
    """Return the programme's figure of this scope; UNKNOWN where there is none."""
    value = definition.value(inputs, scope)
    return UNKNOWN if value is None else Figure(value, definition, scope, inputs.programme_id, event_count)


def counted(inputs: FigureInputs, definition: FigureDefinition, scope: Scope = NO_SCOPE) -> Figure:
    """Return a figure whose value is itself the number of its events."""
    found = figure(inputs, definition, scope)
    return found._replace(event_count=found.value)


def once(compute: Callable[[FigureInputs], Result]) -> Callable[[FigureInputs], Result]:
    """Cache the function's result with the inputs: rows from which many figures are taken."""

    def computed(inputs: FigureInputs) -> Result:
        if compute not in inputs.computed:
            inputs.computed[compute] = compute(inputs)
        result: Result = inputs.computed[compute]
        return result

    return computed


def no_scope(inputs: FigureInputs) -> Iterable[Scope]:
    yield NO_SCOPE


def of_definition(
    path: str,
    name: str,
    unit: Unit,
    read: Callable[[Definition], Result],
    pick: Callable[[Result, Scope], int | None],
    *,
    scopes: Callable[[FigureInputs], Iterable[Scope]] = no_scope,
) -> FigureDefinition:
    """Define figures that a programme's definition states: `read` takes their row from it, `pick` a value from the row.

    They are proved by the published event, from whose own payload the value is read again.
    """

    @once
    def row(inputs: FigureInputs) -> Result | None:
        return read(inputs.definition) if inputs.definition else None

    def value(inputs: FigureInputs, scope: Scope) -> int | None:
        found = row(inputs)
        return None if found is None else pick(found, scope)

    async def prove(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
        return await contributions.publication(
            transaction, inputs, lambda definition: pick(read(definition), scope)
        )

    return FigureDefinition(
        path, name, unit, "definition", value, scopes, prove, adds=("programme.published",)
    )


def sum_of_known(*figures: Figure) -> int | None:
    """Sum the known values; None where none is known."""
    known = [figure.value for figure in figures if figure.value is not None]
    return sum(known) if known else None
