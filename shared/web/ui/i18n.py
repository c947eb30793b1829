"""Texts of pages from gettext catalogues, looked up by key and filled with values in the page's language.

A catalogue is `<locale>/<language>/LC_MESSAGES/<domain>.po`, read as it stands when the process starts. Its msgids are
keys, not texts (docs/decisions/0023). A text with plural forms names, as msgid_plural, the parameter that decides.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from typing import Protocol, get_args

from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from shared.web.ui import format as fmt
from shared.web.ui.values import Lang, Text

ANY = "*"
"""Values of a family of texts that a test holds to the texts (tools/translations)."""

LANGUAGES: tuple[Lang, ...] = get_args(Lang)
LOCALE = Path(__file__).parent / "locale"
YEARS = {"year", "fiscal_year", "last"}
BOLD = re.compile(r"\*\*(.+?)\*\*")
HANGUL = re.compile(r"[ㄱ-ㆎ가-힣]")
LATIN_WORDS = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}")


class Translate(Protocol):
    """Look a text up and fill its parameters; KeyError where the key or a parameter is missing."""

    def __call__(self, key: str, /, **params: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A text of a catalogue: its plural forms, the parameter that decides between them, and the rule by which."""

    forms: tuple[str, ...]
    counted: str | None = None
    rule: Callable[[int], int] = lambda count: 0

    def form_for(self, params: Mapping[str, object]) -> str:
        """Return the form for the parameters; the last one, the plural, where the deciding one is no number."""
        count = params.get(self.counted) if self.counted else None
        return self.forms[self.rule(count)] if isinstance(count, int) else self.forms[-1]


def load_messages(locale: Path, lang: Lang) -> dict[str, Message]:
    """Return the messages of every catalogue of the language in a folder, by key."""
    messages: dict[str, Message] = {}
    for path in sorted((locale / lang / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=lang, abort_invalid=True)
        rule = c2py(catalog.plural_expr)
        for message in catalog:
            match message.id, message.string:
                case str(key), str(text) if key:
                    messages[key] = Message((text,))
                case (key, counted), tuple(forms):
                    messages[key] = Message(forms, counted, rule)
    return messages


class Texts:
    """The texts of the kit, and those of the folders given, in every language."""

    def __init__(self, *locales: Path) -> None:
        self.translators = {
            lang: Translator(
                lang,
                {key: m for locale in (LOCALE, *locales) for key, m in load_messages(locale, lang).items()},
            )
            for lang in LANGUAGES
        }

    def translator(self, lang: Lang) -> "Translator":
        """Return the lookup of texts in one language."""
        return self.translators[lang]

    def text(self, key: str, /, **params: object) -> Text:
        """Return a text in both languages, with its parameters filled in."""
        return Text(*(self.translators[lang](key, **params) for lang in LANGUAGES))


class Translator:
    """Lookup of texts in one language: as plain text, or as HTML that marks what is in another language."""

    def __init__(self, lang: Lang, messages: Mapping[str, Message]) -> None:
        self.lang, self.messages = lang, messages

    def __call__(self, key: str, /, **params: object) -> str:
        """Return the text; as it stands where it is given no parameters."""
        text = self.messages[key].form_for(params)
        if not params:
            return text
        return text.format_map({name: format_value(value, self.lang, name) for name, value in params.items()})

    def html(self, key: str, /, **params: object) -> Markup:
        """Return the text with **bold** as <b>, and with names in another language marked as such."""
        text = rich_text(self.messages[key].form_for(params))
        if not params:
            return text
        return Markup(
            str.format_map(text, {name: self._html_value(value, name) for name, value in params.items()})
        )

    def _html_value(self, value: object, name: str) -> Markup:
        if isinstance(value, list | tuple):
            return Markup(" · ").join(self._html_value(item, name) for item in value)
        return marked(format_value(value, self.lang, name), self.lang)


@lru_cache(maxsize=5_000)
def rich_text(text: str) -> Markup:
    """Escape the text and turn **bold** into <b>."""
    return Markup(BOLD.sub(r"<b>\1</b>", str(escape(text))))


def language_of(text: str) -> Lang | None:
    """Return the language that a name or a typed text is in, None for numbers, ids and single words."""
    if HANGUL.search(text):
        return "ko"
    return "en" if LATIN_WORDS.search(text) else None


def marked(text: str, lang: Lang) -> Markup:
    """Escape the text, in an element that names its language where that is not the page's."""
    return text if isinstance(text, Markup) else _marked_text(text, lang)


@lru_cache(maxsize=20_000)
def _marked_text(text: str, lang: Lang) -> Markup:
    """Mark a text that is no HTML yet; cached, as most names repeat from page to page."""
    language = language_of(text) or lang
    return escape(text) if language == lang else Markup('<span lang="{}">{}</span>').format(language, text)


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
    if value is None:
        return fmt.UNKNOWN_TEXT
    return value if isinstance(value, str) else str(value)
