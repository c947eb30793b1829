"""Events as sentences, in the words of the catalogues."""

from collections.abc import Mapping

from markupsafe import Markup

from services.monitoring.board.parts.case_assessment import ENDED
from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.figures.money import RowFunder
from services.monitoring.texts import translator
from shared.web.ui.i18n import ANY
from shared.web.ui.values import Lang

TEXT_FAMILIES = {
    "event": ANY,  # the events of the timeline: tests/unit/test_board_texts.py
    "assessment.case_": ENDED,
    "funder": RowFunder,
    "stage": ("consultation", "history"),  # a running programme shows its state
}


def event_title(entry: TimelineEntry, lang: Lang) -> Markup:
    """Return the sentence of an event; an event without a text is shown by its name."""
    key = f"event.{entry.event_name}{_title_variant(entry.event_name, entry.params)}"
    title = _event_text(key, entry, lang)
    return title if title is not None else translator(lang).html("event.unknown", name=entry.event_name)


def event_detail(entry: TimelineEntry, lang: Lang) -> Markup:
    """Return the second line of an event; empty where there is none or the event lacks a parameter."""
    keys = (f"event.{entry.event_name}.detail",) if entry.details is None else entry.details
    sentences = (_event_text(key, entry, lang) for key in keys)
    return Markup(" ").join(sentence for sentence in sentences if sentence)


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
