"""Languages of a page: each text of its HTML with the language that its elements declare."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta", "path", "rect", "circle", "use"}
READ_OUT = {"aria-label", "title", "alt", "placeholder", "value"}
HANGUL = re.compile(r"[ㄱ-ㆎ가-힣]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]?( [a-z]{2,}[,;:]?){2,}")


class LanguageParser(HTMLParser):
    """Collect texts, and attributes that are read out, with their language."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = [("", "")]
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        lang = named.get("lang") or self.open[-1][1]
        if named.get("type") != "hidden" and tag != "data":
            self.texts += [(value, lang) for name, value in attributes if name in READ_OUT and value]
        if tag not in VOID:
            self.open.append((tag, lang))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, lang = self.open[-1]
        text = (
            data.partition(" | ")[0] if tag == "title" else data
        )  # a title holds no element for the product's name
        self.texts.append((text.strip(), lang))


def unmarked_texts(html: str) -> Iterator[str]:
    """Yield texts in another language than their elements say: Hangul in English, an English sentence in Korean."""
    parser = LanguageParser()
    parser.feed(html)
    assert {lang for text, lang in parser.texts if text} <= {"ko", "en"}
    for text, lang in parser.texts:
        if (HANGUL if lang == "en" else ENGLISH_SENTENCE).search(text):
            yield text
