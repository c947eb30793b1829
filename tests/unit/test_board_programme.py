"""The programme's page: its key figures, its sections, their layout."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.board.parts import headline, layout
from services.monitoring.board.parts.render import Renderer
from services.monitoring.figures.figure import Figure
from services.monitoring.figures.money import MoneyTable
from services.monitoring.texts import translator
from shared.web.ui.render import Assets
from shared.web.ui.values import Lang
from tests.unit.board_builders import a_page, with_everything


def test_key_figures_are_chosen_for_the_kind_of_programme() -> None:
    t = translator("ko")
    with_goal, with_plan = (
        with_everything(),
        with_everything(companies_planned=Figure(None), money=MoneyTable((), (), None)),
    )

    assert [key_figure.label for key_figure in headline.page_figures(with_goal, t, 1)] == [
        "2024~2026 목표",
        "총사업비",
        "2024 선정",
        "완료·임박",
        "2025년 계획",
        "멘토 방문",
    ]
    assert [key_figure.label for key_figure in headline.page_figures(with_plan, t, 1)] == [
        "총사업비",
        "2025년 약정",
        "완료",
        "진행",
        "확인지표",
    ]
    assert len(headline.row_figures(with_goal, t, 1)) == len(headline.row_figures(with_plan, t, 1)) + 1 == 4


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_page_without_a_plan_does_not_mention_one(lang: Lang) -> None:
    html = Renderer(Assets()).programme(a_page(lang=lang), with_everything())
    text = re.sub(r"<[^>]+>", "", html)

    assert "계획 –" not in text
    assert "– of –" not in text
    assert translator(lang)("execution.committed") in text
    assert translator(lang)("execution.committed_rate") not in text


def test_programme_without_applications_has_no_funnel() -> None:
    applying, adding = (
        Renderer(Assets()).programme(a_page(), with_everything(takes_applications=takes))
        for takes in (True, False)
    )

    assert 'id="funnel"' in applying
    assert 'id="funnel"' not in adding


@given(
    due=st.integers(0, 20),
    municipalities=st.integers(0, 20),
    risks=st.integers(0, 5),
    takes_applications=st.booleans(),
    mentors=st.booleans(),
)
def test_every_section_is_placed_once_and_both_columns_are_filled_or_neither(
    due: int, municipalities: int, risks: int, takes_applications: bool, mentors: bool
) -> None:
    whole = with_everything()
    view = with_everything(
        due=whole.due[:due],
        municipalities=whole.municipalities[:municipalities],
        risks=whole.risks * risks,
        takes_applications=takes_applications,
        mentors=whole.mentors if mentors else None,
    )

    sections = layout.programme_layout(view)

    placed = [*sections.first, *sections.left, *sections.right, *sections.last]
    assert sorted(placed) == sorted(layout.section_heights(view))
    assert bool(sections.left) == bool(sections.right)


def test_columns_of_a_full_page_have_similar_heights() -> None:
    view = with_everything()

    sections = layout.programme_layout(view)

    assert sections.left
    assert layout.height_difference(layout.section_heights(view), sections) < layout.TOLERANCE


def test_deadlines_beyond_the_first_seven_are_folded() -> None:
    html = Renderer(Assets()).programme(a_page(), with_everything())

    shown, folded = html.split('<details id="more-due">')
    assert shown.count("D-day</span>") == 7
    assert folded.count("D-day</span>") == 9
    assert "나머지 9건" in folded
