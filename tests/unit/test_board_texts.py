"""Every text there is in both languages, and every text that is asked for is there."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, meta, nodes

from services.monitoring.board.parts import i18n
from services.monitoring.board.parts.render import BOARD
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.texts.events import EVENTS
from services.monitoring.projections import timeline
from tests.unit.board_builders import an_entry

BESIDE_A_TITLE = (".detail", ".eligible", ".ineligible", ".conflict")


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_needs_the_same_in_korean_and_english(key: str) -> None:
    korean, english = TEXTS[key]

    needs = [set(re.findall(r"{(\w+)}", text)) - {"unit"} for text in (korean, english)]

    assert korean
    assert english
    assert needs[1] <= needs[0]


def test_every_sentence_of_a_verdict_has_its_short_form_where_rows_show_it() -> None:
    rules = (BOARD / "parts/verdict.py").read_text()
    of_programmes = set(re.findall(r'"(verdict\.(?!case_|overview)\w+)"', rules))

    assert of_programmes
    assert {key for key in of_programmes if f"{key}.short" not in TEXTS} == set()


def test_an_event_is_told_with_what_it_says_and_an_unknown_one_is_named() -> None:
    assert i18n.event_title(an_entry("application.screened", eligible=False), "ko") == "자격 확인: 부적격"
    assert (
        i18n.event_detail(an_entry("tranche.requested", number=1, requested_by="K-1"), "ko")
        == "기안: 담당자 K-1"
    )
    assert i18n.event_detail(an_entry("tranche.requested", number=1), "ko") == ""
    assert i18n.event_title(an_entry("comet.sighted"), "ko") == "사건 comet.sighted"


def test_every_event_of_the_timeline_has_its_words_and_no_words_are_without_an_event() -> None:
    told = {event.name.rpartition(".")[0] for event in timeline.PROJECTION.rows}

    titles = {key.removeprefix("event.") for key in EVENTS if not key.endswith(BESIDE_A_TITLE)}

    assert titles - {"unknown"} == told


def test_every_text_that_a_template_asks_for_exists() -> None:
    templates = sorted((BOARD / "templates").glob("*.html"))

    asked = {key for template in templates for key in _texts_of(template)}

    assert len(asked) > 100
    assert asked - set(TEXTS) == set()


def _texts_of(template: Path) -> set[str]:
    """The literal keys of the calls t("…")."""
    tree = Environment(autoescape=True).parse(template.read_text())
    assert meta.find_undeclared_variables(tree) is not None
    calls = [
        call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", None) == "t" and call.args
    ]
    return {call.args[0].value for call in calls if isinstance(call.args[0], nodes.Const)}
