"""Texts of the board: events and assessments as sentences, in the words of the kit's and the board's catalogues."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from markupsafe import Markup

from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.board.parts.programme_view import RowFunder
from services.monitoring.board.parts.verdict import Assessment
from shared.web.ui import format as fmt
from shared.web.ui.i18n import ANY, Texts, Translate
from shared.web.ui.values import Lang

TEXTS = Texts(Path(__file__).resolve().parent.parent / "locale")
translator = TEXTS.translator
TEXT_FAMILIES = {
    "event": ANY,  # the events of the timeline: tests/unit/test_board_texts.py
    "assessment.overview": ("danger", "unknown", "warning"),
    "assessment.case_": (
        "abandoned",
        "withdrawn",
        "rejected",
        "ineligible",
        "reserved",
        "completed",
        "recorded",
    ),
    "assessment.to_find_": ("second", "year"),
    "funder": RowFunder,
    "stage": ("consultation", "history"),  # a running programme shows its state
}

__all__ = ["TEXTS", "Translate", "assessment_text", "event_detail", "event_title", "translator"]


def assessment_text(assessment: Assessment, lang: Lang, *, short: bool = False) -> Markup:
    """Return the sentence of an assessment, filled with the figures that it was computed from."""
    t, params = translator(lang), dict(assessment.params)
    if "paid" in params:
        paid = params["paid"]
        params["paid"] = fmt.exact_won(paid if isinstance(paid, int) else None, lang)
    if isinstance(due := params.get("due"), date):
        params["due"] = fmt.date_in_sentence(due, lang)
    if isinstance(params.get("status"), str):
        params["status"] = t(str(params["status"]))
    if isinstance(states := params.get("counts"), dict):
        counts = (t.html(f"assessment.overview.{state}", count=count) for state, count in states.items())
        params["counts"] = Markup(", ").join(counts)
    return t.html(f"{assessment.text_key}.short" if short else assessment.text_key, **params)


def event_title(entry: TimelineEntry, lang: Lang) -> Markup:
    """Return the sentence of an event; an event without a text is shown by its name."""
    key = f"event.{entry.event_name}{_title_variant(entry.event_name, entry.params)}"
    title = _event_text(key, entry, lang)
    return title if title is not None else translator(lang).html("event.unknown", name=entry.event_name)


def event_detail(entry: TimelineEntry, lang: Lang) -> Markup:
    """Return the second line of an event; empty where there is none or the event lacks a parameter."""
    return _event_text(f"event.{entry.event_name}.detail", entry, lang) or Markup("")


def _title_variant(event_name: str, params: Mapping[str, object]) -> str:
    if event_name == "application.screened" and "eligible" in params:
        return ".eligible" if params["eligible"] else ".ineligible"
    if event_name == "review.submitted" and params.get("conflict_of_interest"):
        return ".conflict"
    return ""


def _event_text(key: str, entry: TimelineEntry, lang: Lang) -> Markup | None:
    t, params = translator(lang), dict(entry.params)
    if params.get("channel") in ("email", "sms"):
        params["channel"] = t(f"channel.{params['channel']}")
    try:
        return t.html(key, **params)
    except KeyError:
        return None
