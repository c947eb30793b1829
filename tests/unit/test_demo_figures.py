"""The figures' list is whole, and a figure is compared exactly, money in won."""

from datetime import date

import pytest

from tools.demo.figures import Figure, load_figures


def a_figure(value: float = 16_000, unit: str = "백만원") -> Figure:
    return Figure("some.figure", value, unit, date(2022, 6, 30), "some-programme", "total.all")


def test_there_are_ninety_one_figures_and_each_id_stands_once() -> None:
    figures = load_figures()

    assert len(figures) == 91
    assert len({figure.id for figure in figures}) == 91
    assert len({(figure.programme, figure.read) for figure in figures}) == 91


def test_each_document_has_its_own_date() -> None:
    dates = {figure.id.split(".")[0]: figure.as_of.isoformat() for figure in load_figures()}

    assert dates == {"gimcheon": "2022-06-30", "jeonbuk": "2025-01-20", "chungnam": "2022-12-30"}


@pytest.mark.parametrize(
    ("figure", "answer", "shown"),
    [
        (a_figure(), 16_000_000_000, 16_000),
        (a_figure(), 16_000_500_000, 16_000.5),
        (a_figure(0.8, "비율"), "4/5", 0.8),
        (a_figure(56, "%"), 56, 56),
    ],
)
def test_an_answer_is_shown_in_the_documents_unit(figure: Figure, answer: object, shown: float) -> None:
    assert figure.shown(figure.exact_answer(answer)) == shown


def test_a_won_too_much_is_not_the_same() -> None:
    figure = a_figure()

    assert figure.exact_answer(16_000_000_000) == figure.exact
    assert figure.exact_answer(16_000_000_001) != figure.exact


@pytest.mark.parametrize("answer", [None, True, "약 30", {"all": 1}])
def test_what_is_no_number_could_not_be_read(answer: object) -> None:
    assert a_figure().exact_answer(answer) is None
