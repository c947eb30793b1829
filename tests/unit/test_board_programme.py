"""What a programme's page shows, and where: its figures, its sections, their columns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.board.parts import headline, i18n, layout
from services.monitoring.board.parts.programme_view import MoneyTable
from services.monitoring.board.parts.render import Assets, Pages
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.values import Figure
from tests.unit.board_builders import a_page, with_everything


def test_a_row_has_four_figures_and_a_page_six_at_most_chosen_for_the_kind() -> None:
    t = i18n.words("ko")
    by_goal, by_plan = (
        with_everything(),
        with_everything(companies_planned=Figure(None), money=MoneyTable((), (), None)),
    )

    assert [stat.label for stat in headline.strip(by_goal, t, 1)] == [
        "2024~2026 목표",
        "총사업비",
        "2024 선정",
        "완료·임박",
        "2025년 계획",
        "멘토 방문",
    ]
    assert [stat.label for stat in headline.strip(by_plan, t, 1)] == [
        "총사업비",
        "2025년 약정",
        "완료",
        "진행",
        "확인지표",
    ]
    assert len(headline.row(by_goal, t, 1)) == len(headline.row(by_plan, t, 1)) + 1 == 4


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_without_a_plan_nothing_is_said_of_it(lang: str) -> None:
    html = Pages(Assets()).programme(a_page(lang=lang), with_everything())
    text = re.sub(r"<[^>]+>", "", html)

    assert "계획 –" not in text
    assert "– of –" not in text
    assert TEXTS["execution.committed"][lang == "en"] in text
    assert TEXTS["execution.committed_rate"][lang == "en"] not in text


def test_who_adds_to_what_others_selected_shows_no_funnel() -> None:
    called, adding = (
        Pages(Assets()).programme(a_page(), with_everything(has_calls=has)) for has in (True, False)
    )

    assert 'id="funnel"' in called
    assert 'id="funnel"' not in adding


@given(
    due=st.integers(0, 20),
    places=st.integers(0, 20),
    risks=st.integers(0, 5),
    calls=st.booleans(),
    mentors=st.booleans(),
)
def test_every_section_stands_once_and_columns_stand_side_by_side_or_not_at_all(
    due: int, places: int, risks: int, calls: bool, mentors: bool
) -> None:
    whole = with_everything()
    view = with_everything(
        due=whole.due[:due],
        municipalities=whole.municipalities[:places],
        risks=whole.risks * risks,
        has_calls=calls,
        mentors=whole.mentors if mentors else None,
    )

    found = layout.of_programme(view)

    placed = [*found.first, *found.left, *found.right, *found.last]
    assert sorted(placed) == sorted(layout.heights(view))
    assert bool(found.left) == bool(found.right)


def test_the_columns_of_a_full_page_leave_no_hole() -> None:
    view = with_everything()

    found = layout.of_programme(view)

    assert found.left
    assert layout.hole(layout.heights(view), found) < layout.LIKE


def test_work_and_deadlines_beyond_the_first_seven_are_folded() -> None:
    html = Pages(Assets()).programme(a_page(), with_everything())

    shown, folded = html.split('<details id="more-due">')
    assert shown.count("D-day</span>") == 7
    assert folded.count("D-day</span>") == 9
    assert "나머지 9건" in folded
