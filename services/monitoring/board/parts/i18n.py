"""Words in the reader's language: texts by key, events as sentences, **bold** as HTML."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Protocol

from markupsafe import Markup, escape

from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.values import Lang, Text
from services.monitoring.board.parts.verdict import Verdict

YEARS = {"year", "fiscal_year", "last"}
BOLD = re.compile(r"\*\*(.+?)\*\*")


class Words(Protocol):
    """Looks a text up and fills it; KeyError where the key or what it needs is missing."""

    def __call__(self, key: str, **params: object) -> str: ...


def words(lang: Lang) -> Words:
    """The texts of one language."""

    def look_up(key: str, **params: object) -> str:
        text = TEXTS[key][lang == "en"]
        return (
            text.format_map({name: said(value, lang, name) for name, value in params.items()})
            if params
            else text
        )

    return look_up


def rich(text: str) -> Markup:
    """Escaped, with **bold** as <b>."""
    return Markup(BOLD.sub(r"<b>\1</b>", str(escape(text))))


def said(value: object, lang: Lang, name: str = "") -> str:
    """A value within a sentence: counts grouped (years are not), dates as ISO, names in the language."""
    if isinstance(value, Text):
        return value.in_(lang)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if name in YEARS else fmt.count(value)
    if isinstance(value, list | tuple):
        return " · ".join(said(part, lang) for part in value)
    return fmt.UNKNOWN_TEXT if value is None else str(value)


def verdict(found: Verdict, lang: Lang, *, short: bool = False) -> Markup:
    """The sentence of a verdict, with the figures that it was computed from."""
    params = dict(found.params)
    if "paid" in params:
        paid = params["paid"]
        params["paid"] = fmt.exact_won(paid if isinstance(paid, int) else None, lang)
    if isinstance(due := params.get("due"), date):
        params["due"] = fmt.said_date(due, lang)
    if isinstance(params.get("status"), str):
        params["status"] = words(lang)(str(params["status"]))
    if isinstance(states := params.get("found"), dict):
        said_states = (
            words(lang)(f"verdict.overview.{state}", count=count) for state, count in states.items()
        )
        params["found"] = ", ".join(said_states)
    return rich(words(lang)(f"{found.text}.short" if short else found.text, **params))


def event_title(entry: TimelineEntry, lang: Lang) -> str:
    """What an event says happened; an event without a text is named, never hidden."""
    key = f"event.{entry.sentence}{_variant(entry.sentence, entry.params)}"
    text = _filled(key, entry, lang)
    return text if text is not None else words(lang)("event.unknown", name=entry.sentence)


def event_detail(entry: TimelineEntry, lang: Lang) -> str:
    """The second line; empty where there is none or the event lacks what it needs."""
    return _filled(f"event.{entry.sentence}.detail", entry, lang) or ""


def _variant(sentence: str, params: Mapping[str, object]) -> str:
    if sentence == "application.screened" and "eligible" in params:
        return ".eligible" if params["eligible"] else ".ineligible"
    if sentence == "review.submitted" and params.get("conflict_of_interest"):
        return ".conflict"
    return ""


def _filled(key: str, entry: TimelineEntry, lang: Lang) -> str | None:
    look_up, params = words(lang), dict(entry.params)
    if params.get("channel") in ("email", "sms"):
        params["channel"] = look_up(f"channel.{params['channel']}")
    try:
        return look_up(key, **params) if params else _plain(key, lang)
    except KeyError:
        return None


def _plain(key: str, lang: Lang) -> str | None:
    text = TEXTS[key][lang == "en"]
    return None if "{" in text else text
