"""A notice and a language in; e-mail (subject, text, HTML) and SMS out.

A template is one file a language with six blocks: `title` (SMS heading), `subject`, `lead` (what happened),
`facts` (lines "label: value"), `next` (what to do) and `sms`. The frame around an e-mail is the same for all.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.notifications.cases.domain import Name
from services.notifications.recipients.domain import Channel
from services.notifications.templates import cp949, words
from services.notifications.templates.notices import Notice

FOLDER = Path(__file__).parent


class Mail(NamedTuple):
    subject: str
    text: str
    html: str


class Sms(NamedTuple):
    """In characters that every phone shows; `title` heads the text where it is long."""

    title: str
    text: str


Content = Mail | Sms
Block = Callable[[str], str]


@cache
def environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=lambda name: bool(name and name.endswith(".html")),
    )
    for name in ("won", "day", "short_day", "funder"):
        made.filters[name] = partial(getattr(words, name), language=language)
    made.filters["particle"] = words.particle
    made.filters["short"] = lambda text, limit: cp949.cut(cp949.sendable(text), limit)
    return made


def render(notice: Notice, language: str, channel: Channel) -> Content:
    """Raises jinja2.TemplateError where a template and its fields do not fit each other."""
    return mail(notice, language) if channel == "email" else sms(notice, language)


def mail(notice: Notice, language: str) -> Mail:
    block, fields = _opened(notice, language)
    subject = _one_line(block("subject"))
    frame = _frame(language, fields, block("lead"), _facts(block("facts")), block("next"))
    return Mail(
        subject=subject,
        text=environment(language).get_template("frame.txt").render(frame),
        html=environment(language).get_template("frame.html").render(frame, subject=subject),
    )


def sms(notice: Notice, language: str) -> Sms:
    block, _ = _opened(notice, language)
    sender = words.FRAME[language]["sms"]
    title, text = (cp949.sendable(sender + _one_line(block(name))) for name in ("title", "sms"))
    return Sms(title=title, text=text)


def _opened(notice: Notice, language: str) -> tuple[Block, dict[str, Any]]:
    """The template's blocks by name, and the fields that they see."""
    template = environment(language).get_template(f"{language}/{notice.template}.txt")
    fields = {name: _in(language, value) for name, value in notice}
    return partial(_block, template, fields), fields


def _block(template: Template, fields: dict[str, Any], name: str) -> str:
    return "".join(template.blocks[name](template.new_context(fields))).strip()


def _frame(
    language: str, fields: dict[str, Any], lead: str, facts: list[tuple[str, str]], next: str
) -> dict[str, Any]:
    frame = words.FRAME[language]
    known = [(frame["programme"], fields["programme"]), (frame["receipt"], fields["receipt_number"])]
    return {
        "language": language,
        "words": frame,
        "dear": frame["dear"].format(company=fields["company"]),
        "lead": lead.splitlines(),
        "facts": known + facts,
        "next": next.splitlines(),
        "office": fields["office"],
    }


def _facts(lines: str) -> list[tuple[str, str]]:
    pairs = [line.partition(": ") for line in lines.splitlines() if line.strip()]
    return [(label, value) for label, _, value in pairs]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _in(language: str, value: Any) -> Any:
    """In the language asked for; a text that came with an event stays on its line."""
    if isinstance(value, Name):
        return _one_line(getattr(value, language))
    if isinstance(value, list):
        return [_in(language, one) for one in value]
    return _one_line(value) if isinstance(value, str) and not isinstance(value, StrEnum) else value
