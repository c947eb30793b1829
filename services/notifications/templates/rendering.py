"""Render a notice in a language, as e-mail (subject, text, HTML) or as SMS.

A template is one file a language with six blocks: `title` (SMS heading), `subject`, `lead` (what happened),
`facts` (lines "label: value"), `next` (what to do) and `sms`. All e-mails share the frame around these.
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


class EmailContent(NamedTuple):
    subject: str
    text: str
    html: str


class SmsContent(NamedTuple):
    """An SMS in encodable characters; `title` is its subject if it is sent as LMS."""

    title: str
    text: str


Content = EmailContent | SmsContent
Block = Callable[[str], str]


@cache
def jinja_environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=lambda name: bool(name and name.endswith(".html")),
    )
    for name in ("won", "day", "short_day", "funder", "cause"):
        environment.filters[name] = partial(getattr(words, name), language=language)
    environment.filters["particle"] = words.particle
    environment.filters["score"] = words.score
    environment.filters["short"] = lambda text, limit: cp949.truncate(cp949.to_encodable(text), limit)
    return environment


def render(notice: Notice, language: str, channel: Channel) -> Content:
    """Render a notice for a channel; raises jinja2.TemplateError if the template uses a field the notice lacks."""
    return render_email(notice, language) if channel == "email" else render_sms(notice, language)


def render_email(notice: Notice, language: str) -> EmailContent:
    block, fields = _load(notice, language)
    subject = _one_line(block("subject"))
    frame = _frame(language, fields, block("lead"), _facts(block("facts")), block("next"))
    return EmailContent(
        subject=subject,
        text=jinja_environment(language).get_template("frame.txt").render(frame),
        html=jinja_environment(language).get_template("frame.html").render(frame, subject=subject),
    )


def render_sms(notice: Notice, language: str) -> SmsContent:
    block, _ = _load(notice, language)
    sender = words.FRAME[language]["sms"]
    title, text = (cp949.to_encodable(sender + _one_line(block(name))) for name in ("title", "sms"))
    return SmsContent(title=title, text=text)


def _load(notice: Notice, language: str) -> tuple[Block, dict[str, Any]]:
    """Return a function that renders a block of the notice's template by name, and the fields it uses."""
    template = jinja_environment(language).get_template(f"{language}/{notice.template}.txt")
    fields = {name: _localized(language, value) for name, value in notice}
    return partial(_block, template, fields), fields


def _block(template: Template, fields: dict[str, Any], name: str) -> str:
    return "".join(template.blocks[name](template.new_context(fields))).strip()


def _frame(
    language: str, fields: dict[str, Any], lead: str, facts: list[tuple[str, str]], next: str
) -> dict[str, Any]:
    frame = words.FRAME[language]
    case_facts = [
        (frame["programme"], fields["programme"]),
        (frame["receipt_number"], fields["receipt_number"]),
    ]
    return {
        "language": language,
        "words": frame,
        "dear": frame["dear"].format(company=fields["company"]),
        "lead": lead.splitlines(),
        "facts": case_facts + facts,
        "next": next.splitlines(),
        "office": fields["office"],
    }


def _facts(lines: str) -> list[tuple[str, str]]:
    pairs = [line.partition(": ") for line in lines.splitlines() if line.strip()]
    return [(label, value) for label, _, value in pairs]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _localized(language: str, value: Any) -> Any:
    """Pick the language of each name, and put each text on one line: texts come from events as they were entered."""
    if isinstance(value, Name):
        return _one_line(getattr(value, language))
    if isinstance(value, list):
        return [_localized(language, item) for item in value]
    return _one_line(value) if isinstance(value, str) and not isinstance(value, StrEnum) else value
