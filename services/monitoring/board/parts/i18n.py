"""Localization: texts by key, events as sentences, **bold** as HTML."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Protocol

from markupsafe import Markup, escape

from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.values import Lang, Text
from services.monitoring.board.parts.verdict import Assessment

YEARS = {"year", "fiscal_year", "last"}
BOLD = re.compile(r"\*\*(.+?)\*\*")


class Translate(Protocol):
    """Look a text up and fill its parameters; KeyError where the key or a parameter is missing."""

    def __call__(self, key: str, **params: object) -> str: ...


def translator(lang: Lang) -> Translate:
    """Return the lookup of texts in one language."""

    def look_up(key: str, **params: object) -> str:
        text = TEXTS[key][lang == "en"]
        return (
            text.format_map({name: format_value(value, lang, name) for name, value in params.items()})
            if params
            else text
        )

    return look_up


def rich_text(text: str) -> Markup:
    """Escape the text and turn **bold** into <b>."""
    return Markup(BOLD.sub(r"<b>\1</b>", str(escape(text))))


def format_value(value: object, lang: Lang, name: str = "") -> str:
    """Format a value within a sentence: counts grouped (not years), dates as ISO, names in the language."""
    if isinstance(value, Text):
        return value.in_(lang)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if name in YEARS else fmt.count(value)
    if isinstance(value, list | tuple):
        return " · ".join(format_value(item, lang) for item in value)
    return fmt.UNKNOWN_TEXT if value is None else str(value)


def assessment_text(assessment: Assessment, lang: Lang, *, short: bool = False) -> Markup:
    """Return the sentence of an assessment, filled with the figures that it was computed from."""
    params = dict(assessment.params)
    if "paid" in params:
        paid = params["paid"]
        params["paid"] = fmt.exact_won(paid if isinstance(paid, int) else None, lang)
    if isinstance(due := params.get("due"), date):
        params["due"] = fmt.date_in_sentence(due, lang)
    if isinstance(params.get("status"), str):
        params["status"] = translator(lang)(str(params["status"]))
    if isinstance(states := params.get("counts"), dict):
        counts = (
            translator(lang)(f"assessment.overview.{state}", count=count) for state, count in states.items()
        )
        params["counts"] = ", ".join(counts)
    return rich_text(
        translator(lang)(f"{assessment.text_key}.short" if short else assessment.text_key, **params)
    )


def event_title(entry: TimelineEntry, lang: Lang) -> str:
    """Return the sentence of an event; an event without a text is shown by its name."""
    key = f"event.{entry.event_name}{_title_variant(entry.event_name, entry.params)}"
    text = _event_text(key, entry, lang)
    return text if text is not None else translator(lang)("event.unknown", name=entry.event_name)


def event_detail(entry: TimelineEntry, lang: Lang) -> str:
    """Return the second line of an event; empty where there is none or the event lacks a parameter."""
    keys = (f"event.{entry.event_name}.detail",) if entry.details is None else entry.details
    return " ".join(filter(None, (_event_text(key, entry, lang) for key in keys)))


def _title_variant(event_name: str, params: Mapping[str, object]) -> str:
    if event_name == "application.screened" and "eligible" in params:
        return ".eligible" if params["eligible"] else ".ineligible"
    if event_name == "review.submitted" and params.get("conflict_of_interest"):
        return ".conflict"
    return ""


def _event_text(key: str, entry: TimelineEntry, lang: Lang) -> str | None:
    look_up, params = translator(lang), dict(entry.params)
    if params.get("channel") in ("email", "sms"):
        params["channel"] = look_up(f"channel.{params['channel']}")
    try:
        return look_up(key, **params) if params else _text_without_parameters(key, lang)
    except KeyError:
        return None


def _text_without_parameters(key: str, lang: Lang) -> str | None:
    text = TEXTS[key][lang == "en"]
    return None if "{" in text else text
