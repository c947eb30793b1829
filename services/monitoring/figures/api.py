"""HTTP API: JSON of all figures as of a business date, and the proof of each."""

from datetime import date
from typing import Any

from pydantic import BaseModel

from services.monitoring.figures import queries, words
from services.monitoring.figures.assessment import assess_programme
from services.monitoring.figures.document import as_json
from services.monitoring.figures.figure import Unit
from services.monitoring.figures.inputs import FigureInputs
from services.monitoring.figures.programme import find_figure, programme_view
from services.monitoring.figures.queries import last_event_dates
from services.monitoring.figures.words import assessment_words
from shared.database.transaction import Transaction
from shared.web.http import RequestSnapshot, Router
from shared.web.viewer import AsOf, Viewer

router = Router(prefix="/api/figures", tags=["figures"])


class Words(BaseModel):
    """A text in both languages."""

    ko: str
    en: str


class ContributionView(BaseModel):
    """An event and what it adds to the figure, in the figure's unit; negative takes away."""

    event_id: str
    event: str
    occurred_on: date
    case_id: str | None
    amount: int


class Proof(BaseModel):
    """A figure beside the sum of its events, which is computed apart: the first 300 events, the number and the sum of all.

    `difference` is what the events come to less the value: 0, or the operators must look.
    """

    key: str
    as_of: date
    title: Words
    unit: Unit
    rule: Words
    value: int
    events: int
    total: int
    difference: int
    contributions: list[ContributionView]


@router.get("", summary="모든 사업의 숫자 / every programme's figures")
async def all_programmes(transaction: RequestSnapshot, viewer: Viewer, as_of: AsOf) -> dict[str, Any]:
    """Return the figures of all programmes. Money is won."""
    inputs = await queries.load_all_inputs(transaction, as_of)
    programmes = await with_assessments(transaction, inputs, as_of)
    return {"as_of": as_of.isoformat(), "programmes": programmes}


@router.get("/{programme_id}", summary="한 사업의 숫자 / one programme's figures")
async def one_programme(
    programme_id: str, transaction: RequestSnapshot, viewer: Viewer, as_of: AsOf
) -> dict[str, Any]:
    """Return the figures of one programme. Money is won; a group that the programme does not have is absent."""
    inputs = await queries.load_programme_inputs(transaction, programme_id, as_of)
    [figures] = await with_assessments(transaction, [inputs], as_of)
    return figures


@router.get("/{programme_id}/{path}", summary="숫자 하나의 근거 / the proof of one figure")
async def proof(
    programme_id: str, path: str, transaction: RequestSnapshot, viewer: Viewer, as_of: AsOf
) -> Proof:
    """Return a figure by its path, such as `committed.2024.city`, with the events that make it up."""
    inputs = await queries.load_programme_inputs(transaction, programme_id, as_of)
    figure, definition = find_figure(inputs, path)
    contributions = await definition.prove(transaction, inputs, figure.scope)
    title, rule = words.title(figure), words.rule(definition)
    return Proof(
        key=f"{programme_id}.{path}",
        as_of=as_of,
        title=Words(ko=title.ko, en=title.in_("en")),
        unit=definition.unit,
        rule=Words(ko=rule.ko, en=rule.in_("en")),
        value=figure.value or 0,
        events=contributions.events,
        total=contributions.total,
        difference=contributions.difference(figure.value),
        contributions=[
            ContributionView(
                event_id=each.row.id,
                event=each.row.name,
                occurred_on=each.row.occurred_on,
                case_id=each.row.data.get("case_id"),
                amount=each.amount,
            )
            for each in contributions.listed
        ],
    )


async def with_assessments(
    transaction: Transaction, all_inputs: list[FigureInputs], as_of: date
) -> list[dict[str, Any]]:
    """Return each programme's figures with its state, the sentence, and the rule that decided."""
    last = await last_event_dates(transaction, [inputs.programme_id for inputs in all_inputs], as_of)
    return [
        as_json(inputs)
        | {
            "assessment": assessment_words(
                assess_programme(programme_view(inputs, last.get(inputs.programme_id)), as_of)
            )
        }
        for inputs in all_inputs
    ]
