"""View of the lineage page: the figure, its cases, its events, one raw event."""

from dataclasses import dataclass
from datetime import date

from services.monitoring.figures.figure import Figure, Unit
from shared.web.ui.values import Text


@dataclass(frozen=True, slots=True)
class LineageEvent:
    """An event and what it adds to the figure (negative: subtracts), in the figure's unit."""

    event_id: str
    name: str  # funds.committed
    occurred_on: date
    contribution: int
    company: str | None = None


@dataclass(frozen=True, slots=True)
class LineageCase:
    """One case's part of the figure."""

    case_id: str
    company: str
    events: int
    contribution: int


@dataclass(frozen=True, slots=True)
class RawEvent:
    """An event as it was published; its offset on the topic is not known here."""

    topic: str
    headers: tuple[tuple[str, str], ...]
    payload: str  # pretty-printed JSON
    highlight: str | None = None  # the part of the payload's text that goes into the figure


@dataclass(frozen=True, slots=True)
class LineageView:
    """A figure and the events that it was computed from."""

    figure: Figure
    title: Text  # 2022년 시비 약정
    unit: Unit
    rule: Text  # how it is computed, in one sentence
    total: int  # of all contributions, also of those that are not listed
    difference: int  # of the total from the figure
    programme_id: str
    programme_name: Text
    adds: tuple[str, ...]  # event names that add
    subtracts: tuple[str, ...] = ()
    cases: tuple[LineageCase, ...] = ()
    events: tuple[LineageEvent, ...] = ()  # oldest first; may be the first part of many
    events_total: int = 0
    raw: RawEvent | None = None
    selected_event: str | None = None
