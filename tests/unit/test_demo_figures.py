"""The list of figures is complete, and a figure is compared exactly, money in won."""

from datetime import date

import pytest

from tools.demo.figures import Figure, load_figures


def a_figure(value: float = 16_000, unit: str = "백만원") -> Figure:
    return Figure("some.figure", value, unit, date(2022, 6, 30), "some-programme", "total.all")


def test_there_are_ninety_one_figures_with_unique_ids() -> None:
    figures = load_figures()

    assert len(figures) == 91
    assert len({figure.id for figure in figures}) == 91
    assert len({(figure.programme, figure.read) for figure in figures}) == 91


def test_figures_of_a_document_share_its_date() -> None:
    dates = {figure.id.split(".")[0]: figure.as_of.isoformat() for figure in load_figures()}

    assert dates == {"gimcheon": "2022-06-30", "jeonbuk": "2025-01-20", "chungnam": "2022-12-30"}


@pytest.mark.parametrize(
    ("figure", "value", "shown"),
    [
        (a_figure(), 16_000_000_000, 16_000),
        (a_figure(), 16_000_500_000, 16_000.5),
        (a_figure(0.8, "비율"), "4/5", 0.8),
        (a_figure(56, "%"), 56, 56),
    ],
)
def test_board_value_is_converted_to_the_documents_unit(figure: Figure, value: object, shown: float) -> None:
    assert figure.in_document_unit(figure.parse(value)) == shown


def test_comparison_is_exact_to_the_won() -> None:
    figure = a_figure()

    assert figure.parse(16_000_000_000) == figure.value_in_board_unit
    assert figure.parse(16_000_000_001) != figure.value_in_board_unit


@pytest.mark.parametrize("value", [None, True, "약 30", {"all": 1}])
def test_value_that_is_no_number_is_not_parsed(value: object) -> None:
    assert a_figure().parse(value) is None
