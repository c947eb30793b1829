"""Catalogues of a domain: its texts by language and key, and what is wrong with each text by itself."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

LANGUAGES = ("ko", "en")
HANGUL = re.compile(r"[ㄱ-ㆎ가-힣]")
LATIN = re.compile(r"[A-Za-z]")
PLACEHOLDER = re.compile(r"{(\w*)[^}]*}")
OTHER_LANGUAGE = "other-language"  # flag of a text that is in another language on purpose, as the name of one
COUNTING_WORDS = {"unit"}  # parameters that English does without


@dataclass(frozen=True)
class Entry:
    """A text of a catalogue: its plural forms, the parameter that decides between them, its flags."""

    forms: tuple[str, ...]
    counted: str | None
    flags: frozenset[str]

    @property
    def parameters(self) -> set[str]:
        return {name for form in self.forms for name in PLACEHOLDER.findall(form)}


@dataclass(frozen=True)
class Domain:
    """A package with catalogues: the entries of each language by key."""

    folder: Path
    entries: dict[str, dict[str, Entry]]
    findings: tuple[str, ...]

    @property
    def keys(self) -> set[str]:
        return {key for entries in self.entries.values() for key in entries}


def read_domain(locale: Path) -> Domain:
    """Read every catalogue in a folder `locale`; findings are what cannot be read or stands twice."""
    entries: dict[str, dict[str, Entry]] = {lang: {} for lang in LANGUAGES}
    findings: list[str] = []
    for lang in LANGUAGES:
        paths = sorted((locale / lang / "LC_MESSAGES").glob("*.po"))
        findings += [] if paths else [f"{locale.parent.name}: no catalogue in {lang}"]
        for path in paths:
            try:
                entries[lang] |= read_catalogue(path, lang)
            except PoFileError as error:
                findings.append(f"{path.name} ({lang}): cannot be read: {error}")
            findings += [f"{path.name} ({lang}): {key} stands twice" for key in repeated(path)]
    return Domain(locale.parent, entries, tuple(findings))


def read_catalogue(path: Path, lang: str) -> dict[str, Entry]:
    with path.open("rb") as file:
        catalog = read_po(file, locale=lang, abort_invalid=True)
    entries = {}
    for message in catalog:
        key, counted = message.id if isinstance(message.id, tuple) else (message.id, None)
        forms = message.string if isinstance(message.string, tuple) else (str(message.string or ""),)
        entries[str(key)] = Entry(forms, counted, frozenset(message.flags))
    return {key: entry for key, entry in entries.items() if key}


def repeated(path: Path) -> list[str]:
    keys = re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    return [key for key, times in Counter(keys).items() if times > 1]


def wrong_texts(domain: Domain) -> Iterator[str]:
    """Yield what is wrong with a text by itself, or beside the other language's."""
    for key in sorted(domain.keys):
        found = {lang: domain.entries[lang].get(key) for lang in LANGUAGES}
        yield from (f"{key}: missing in {lang}" for lang, entry in found.items() if entry is None)
        for lang, entry in found.items():
            if entry is not None:
                yield from (f"{key} ({lang}): {problem}" for problem in problems(entry, lang))
        korean, english = found["ko"], found["en"]
        if korean and english and (korean.parameters ^ english.parameters) - COUNTING_WORDS:
            yield f"{key}: other parameters in Korean {sorted(korean.parameters)} than in English {sorted(english.parameters)}"
        if korean and english and korean.counted != english.counted:
            yield f"{key}: the plural is decided by {korean.counted} in Korean, by {english.counted} in English"


def problems(entry: Entry, lang: str) -> Iterator[str]:
    """Yield what is wrong with one text."""
    words = [PLACEHOLDER.sub("", form) for form in entry.forms]
    if not all(entry.forms):
        yield "empty"
    if "fuzzy" in entry.flags:
        yield "fuzzy: check it and remove the flag"
    if entry.counted and entry.parameters and entry.counted not in entry.parameters:
        yield f"no parameter {entry.counted}, which decides between its forms"
    if OTHER_LANGUAGE in entry.flags:
        return
    if lang == "en" and any(HANGUL.search(text) for text in words):
        yield "Hangul in an English text"
    if lang == "ko" and any(LATIN.search(text) and not HANGUL.search(text) for text in words):
        yield "no Hangul in a Korean text"
