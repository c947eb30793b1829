"""The programmes' files match the documents, and the error of a broken file names file, field and rule."""

from pathlib import Path

import pytest

from shared.events.definition import Definition, Proposal
from shared.values.money import Funder
from tools.demo.definitions import DefinitionError, load, load_all

PROGRAMMES = Path("tools/demo/programmes")
BROKEN_RATIO = """
published_on: 2022-01-03
changes: gimcheon-export-scaleup.yaml
definition:
  plan:
    - {period: "2022", funder: city, amount_krw: 260_000_000}
    - {period: "2022", funder: self, amount_krw: 52_000_006}
"""


def definition(programme_id: str, version: int = 1) -> Definition:
    versions = [row.content for row in load_all() if row.content.programme_id == programme_id]
    content = versions[version - 1]
    assert isinstance(content, Definition)
    return content


def in_folder(folder: Path, text: str, name: str = "broken.yaml") -> Path:
    """Copy the programmes' files to a folder and add one with this text."""
    for file in PROGRAMMES.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_every_file_is_valid_and_versions_come_in_order() -> None:
    publications = load_all()

    assert [row.file for row in publications if "jeonbuk" in row.file] == [
        "jeonbuk-smart-factory.v1.yaml",
        "jeonbuk-smart-factory.v2.yaml",
    ]
    assert sum(isinstance(row.content, Proposal) for row in publications) == 1


@pytest.mark.parametrize(
    ("programme_id", "funder", "planned_krw"),
    [
        ("gimcheon-smart-factory", Funder.NATIONAL, 5_000_000_000),
        ("gimcheon-smart-factory", Funder.SELF, 2_000_000_000),
        ("gimcheon-export-scaleup", Funder.CITY, 1_700_000_000),
        ("gimcheon-export-scaleup", Funder.SELF, 340_000_000),
    ],
)
def test_plan_of_the_term_sums_to_the_documents_amount(
    programme_id: str, funder: Funder, planned_krw: int
) -> None:
    plan = definition(programme_id).plan_by_period()

    assert sum(shares.get(funder, 0) for shares in plan.values()) == planned_krw


def test_second_version_changes_only_the_plan_of_2025() -> None:
    first, second = definition("jeonbuk-smart-factory", 1), definition("jeonbuk-smart-factory", 2)

    planned = {row.track: row.count for row in second.planned_companies if row.year == 2025}

    assert planned == {"JS1": 22, "JS2": 45, "JS3": 4}
    assert second.model_copy(update={"planned_companies": first.planned_companies}) == first


def test_amounts_that_break_the_ratio_are_refused_with_file_field_and_rule(tmp_path: Path) -> None:
    broken = in_folder(tmp_path, BROKEN_RATIO)

    with pytest.raises(DefinitionError, match=r"broken\.yaml: definition.*plan\[2022\].*비율"):
        load(broken)


def test_duplicate_key_is_refused_with_its_line(tmp_path: Path) -> None:
    broken = in_folder(tmp_path, "published_on: 2022-01-03\ndefinition: {}\npublished_on: 2022-01-04\n")

    with pytest.raises(DefinitionError, match=r"broken\.yaml: 3행: published_on"):
        load(broken)


def test_all_errors_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    in_folder(tmp_path, "definition: {}\n", "one.yaml")
    in_folder(tmp_path, "published_on: 2022-01-03\ndefinition: {programme_id: a}\n", "two.yaml")

    with pytest.raises(DefinitionError) as error:
        load_all(tmp_path)

    assert "one.yaml: published_on" in str(error.value)
    assert "two.yaml: definition.name_ko: Field required" in str(error.value)


def test_consultation_asks_fifteen_municipalities() -> None:
    [proposal] = [row.content for row in load_all() if isinstance(row.content, Proposal)]

    assert len({row.code for row in proposal.municipalities}) == 15
