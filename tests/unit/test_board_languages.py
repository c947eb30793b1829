"""Languages of the board's pages: what is not in the page's language says which one it is in."""

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from services.monitoring.board.parts.case_view import (
    CaseFilter,
    CaseRow,
    CasesView,
    Choice,
    ExpectedEntry,
    Message,
    Milestone,
    PaymentStep,
    Selection,
    Tranche,
)
from services.monitoring.board.parts.lineage_view import LineageCase, LineageEvent, LineageView, RawEvent
from services.monitoring.board.parts.render import Renderer
from services.monitoring.board.parts.views import OverviewView, WorkItem
from services.monitoring.figures.figure import UNKNOWN, Figure
from services.monitoring.figures.programme import Consultation, ConsultedMunicipality
from shared.values.money import Funder
from shared.web.ui.page import ErrorView, PageViewer
from shared.web.ui.values import DateRange, Lang, Text
from tests.languages import unmarked_texts
from tests.unit.board_builders import NOW, a_case, a_page, a_programme, an_entry, with_everything

KOREAN_ONLY, ENGLISH_ONLY = Text("한국어로만 적힌 이름"), Text("A name in English only")
LANGUAGES = get_args(Lang)


def pages(lang: Lang, name: Text) -> dict[str, str]:
    """Return every page with a name, and texts that people typed, in one language alone."""
    typed = name.ko
    renderer, page = Renderer(), a_page(lang=lang, viewer=PageViewer(typed, "viewer.officer"))
    consultation = Consultation(
        UNKNOWN, UNKNOWN, (Funder.CITY,), NOW, (ConsultedMunicipality("52110", name),), name, name, NOW
    )
    programme = with_everything(name=name, short_name=name, authority=name, subtitles=(name,))
    draft = a_programme(id="draft", stage="consultation", name=name, consultation=consultation)
    entries = (
        an_entry("tranche.rejected", number=1, reason=typed, rejected_by="K-1"),
        replace(an_entry("milestone.achieved", milestone=name), company=typed, case_id="c1"),
        an_entry("message.sent", channel="sms", template=name),
        an_entry("comet.sighted"),
    )
    case = a_case(
        company=replace(a_case().company, name=typed, municipality=name),
        track="JS1",
        track_name=name,
        programme_name=name,
        selection=Selection("reserve", 2, "250/3"),
        agreement=DateRange(NOW, NOW),
        status="in_progress",
        total_krw=10,
        public_krw=8,
        self_krw=2,
        tranches=(Tranche(1, name, "approved", 8, NOW, (PaymentStep("requester", typed, NOW),)),),
        milestones=(Milestone(name, date(2025, 2, 1), "scheduled"),),
        messages=(Message(NOW, "email", name, "sent"),),
        timeline=entries,
        expected=(ExpectedEntry(NOW, "funding", name, 8),),
    )
    row = CaseRow("c1", "J-1", typed, name, name, "JS1", 2024, "agreed", 10, 0, NOW, name)
    cases = CasesView((row,), Figure(1), (Choice("p", name),), (2024,), ("agreed",), CaseFilter(q=typed), 2)
    work = WorkItem("milestone_due", NOW, "c1", typed, name)
    raw = RawEvent("ieum.funding", (("ce_subject", typed),), f'{{"reason": "{typed}"}}', typed)
    lineage = LineageView(
        Figure(5),
        name,
        "companies",
        name,
        5,
        0,
        "p",
        name,
        ("funds.committed",),
        cases=(LineageCase("c1", typed, 1, 5),),
        events=(LineageEvent("e1", "funds.committed", NOW, 5, typed),),
        events_total=1,
        raw=raw,
    )
    return {
        "overview": renderer.overview(page, OverviewView((programme, draft), (work,), entries)),
        "programmes": renderer.programmes(page, OverviewView((programme, draft))),
        "programme": renderer.programme(page, programme),
        "draft": renderer.programme(page, draft),
        "case": renderer.case(page, case),
        "cases": renderer.cases(page, cases),
        "lineage": renderer.lineage(page, lineage),
        "error": renderer.error(page, ErrorView(409, name, "01-8f")),
    }


@pytest.mark.parametrize("name", [KOREAN_ONLY, ENGLISH_ONLY], ids=["Korean names", "English names"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_in_another_language_than_the_page_is_marked(lang: Lang, name: Text) -> None:
    unmarked = {page: list(unmarked_texts(html)) for page, html in pages(lang, name).items()}

    assert {page: texts for page, texts in unmarked.items() if texts} == {}


def test_check_finds_what_is_not_marked() -> None:
    """Proof that the test above can fail."""
    marked = '<html lang="en"><p>Case <span lang="ko">새벽</span></p><p aria-label="새벽">새벽</p></html>'
    korean = '<html lang="ko"><p>Out of stock for now</p><p lang="en">Out of stock for now</p></html>'

    assert list(unmarked_texts(marked)) == ["새벽", "새벽"]
    assert list(unmarked_texts(korean)) == ["Out of stock for now"]
