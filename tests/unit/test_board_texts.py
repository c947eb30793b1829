"""Texts of the board: sentences of events and assessments."""

import re
from typing import get_args

import pytest

from services.monitoring.board.parts import i18n
from services.monitoring.board.parts.render import BOARD
from services.monitoring.projections import timeline
from services.monitoring.texts import translator
from shared.web.ui.values import Lang
from tests.unit.board_builders import an_entry

VARIANTS = (".detail", ".eligible", ".ineligible", ".conflict")
KEYS = {lang: set(translator(lang).messages) for lang in get_args(Lang)}


def test_every_assessment_of_a_programme_has_a_short_form() -> None:
    rules = (BOARD.parent / "figures/assessment.py").read_text()
    of_programmes = set(re.findall(r'"(assessment\.(?!case_|overview|rule)\w+)"', rules))

    assert of_programmes
    assert {key for key in of_programmes if f"{key}.short" not in KEYS["ko"]} == set()


def test_event_sentence_is_filled_from_its_data_and_an_unknown_event_is_named() -> None:
    assert i18n.event_title(an_entry("application.screened", eligible=False), "ko") == "자격 확인: 부적격"
    assert (
        i18n.event_detail(an_entry("tranche.requested", number=1, requested_by="K-1"), "ko")
        == "기안: 담당자 K-1"
    )
    assert i18n.event_detail(an_entry("tranche.requested", number=1), "ko") == ""
    assert i18n.event_title(an_entry("comet.sighted"), "ko") == "사건 comet.sighted"


@pytest.mark.parametrize("lang", KEYS)
def test_events_of_the_timeline_and_their_sentences_correspond(lang: Lang) -> None:
    events = {event.name.rpartition(".")[0] for event in timeline.PROJECTION.rows}

    sentences = {key.removeprefix("event.") for key in KEYS[lang] if key.startswith("event.")}

    assert {key for key in sentences if not key.endswith(VARIANTS)} - {"unknown"} == events
