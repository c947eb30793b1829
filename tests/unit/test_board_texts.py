"""Texts: each exists in both languages, and each text that a page uses exists."""

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

VARIANTS = (".detail", ".eligible", ".ineligible", ".conflict")


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_english_texts_need_no_parameters_beyond_the_korean(key: str) -> None:
    korean, english = TEXTS[key]

    parameters = [set(re.findall(r"{(\w+)}", text)) - {"unit"} for text in (korean, english)]

    assert korean
    assert english
    assert parameters[1] <= parameters[0]


def test_every_assessment_of_a_programme_has_a_short_form() -> None:
    rules = (BOARD.parent / "figures/assessment.py").read_text()
    of_programmes = set(re.findall(r'"(assessment\.(?!case_|overview|rule)\w+)"', rules))

    assert of_programmes
    assert {key for key in of_programmes if f"{key}.short" not in TEXTS} == set()


def test_event_sentence_is_filled_from_its_data_and_an_unknown_event_is_named() -> None:
    assert i18n.event_title(an_entry("application.screened", eligible=False), "ko") == "자격 확인: 부적격"
    assert (
        i18n.event_detail(an_entry("tranche.requested", number=1, requested_by="K-1"), "ko")
        == "기안: 담당자 K-1"
    )
    assert i18n.event_detail(an_entry("tranche.requested", number=1), "ko") == ""
    assert i18n.event_title(an_entry("comet.sighted"), "ko") == "사건 comet.sighted"


def test_events_of_the_timeline_and_their_sentences_correspond() -> None:
    events = {event.name.rpartition(".")[0] for event in timeline.PROJECTION.rows}

    titles = {key.removeprefix("event.") for key in EVENTS if not key.endswith(VARIANTS)}

    assert titles - {"unknown"} == events


def test_every_text_used_in_a_template_exists() -> None:
    templates = sorted((BOARD / "templates").glob("*.html"))

    used = {key for template in templates for key in _texts_of(template)}

    assert len(used) > 100
    assert used - set(TEXTS) == set()


def _texts_of(template: Path) -> set[str]:
    """Return the literal keys of the calls t("…")."""
    tree = Environment(autoescape=True).parse(template.read_text())
    assert meta.find_undeclared_variables(tree) is not None
    calls = [
        call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", None) == "t" and call.args
    ]
    return {call.args[0].value for call in calls if isinstance(call.args[0], nodes.Const)}
