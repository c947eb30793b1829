"""Rules that figures share: percentages, totals and counts of cases."""

import pytest

from services.monitoring.figures.inputs import CaseGroup, FigureInputs, percent_half_up, totals_of, with_total
from services.monitoring.figures.programme import FIGURES
from services.monitoring.texts import TEXTS
from tests.unit.monitoring_builders import PROGRAMME, a_definition, on


@pytest.mark.parametrize(
    ("part", "whole", "percent"), [(0, 3, 0), (1, 3, 33), (2, 3, 67), (1, 200, 1), (1, 201, 0), (3, 3, 100)]
)
def test_percentages_are_rounded_half_up(part: int, whole: int, percent: int) -> None:
    assert percent_half_up(part, whole) == percent


def test_a_row_of_money_has_its_total_in_front() -> None:
    assert list(with_total({"city": 2, "self": 3}).items()) == [("all", 5), ("city", 2), ("self", 3)]


def test_counts_of_all_groups_are_summed_by_state() -> None:
    first = CaseGroup(
        2024, 2024, "JS1", False, applied=9, reserved=1, selected=5, abandoned=2, completed=3, about_to=1
    )
    second = CaseGroup(2024, 2025, None, False, applied=1, agreed_in={2024: 2, 2025: 4})

    assert totals_of([first, second]) == {
        "applied": 10,
        "selected": 5,
        "reserved": 1,
        "agreed": 6,
        "abandoned": 2,
        "completed": 3,
        "about_to": 1,
    }
    assert (first.years, second.years) == ("2024", "2024-2025")


def test_a_programme_that_is_only_proposed_has_no_definition() -> None:
    inputs = FigureInputs(PROGRAMME, on("2024-09-01"))

    with pytest.raises(LookupError, match=f"^{PROGRAMME} has no definition on 2024-09-01$"):
        _ = inputs.required_definition
    inputs.definition = a_definition()

    assert inputs.required_definition is inputs.definition


def test_every_figure_has_a_title_and_a_rule_in_both_languages_and_every_such_text_a_figure() -> None:
    titles = {f"figure.{definition.name}" for definition in FIGURES} | {"figure.planned.subtotal"}
    rules = {f"rule.{definition.rule}" for definition in FIGURES}
    scopes = {"figure.public", "figure.years"}

    for translator in TEXTS.translators.values():
        assert {
            key for key in translator.messages if key.startswith(("figure.", "rule."))
        } == titles | rules | scopes


def test_paths_of_figures_are_unique() -> None:
    paths = [definition.path for definition in FIGURES]

    assert len(set(paths)) == len(paths)
