"""Each guard is noticed when it is removed, a guard that is gone is an error, and the docs list exactly these."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.databases import Databases
from tests.sabotage.guards import GUARDS
from tests.sabotage.plugin import change_schemas
from tests.sabotage.removals import NotThere, Removal, always, edited, replaced
from tests.sabotage.table import names
from tests.sources import ROOT
from tests.stack import kafka_bootstrap, postgres_url

INBOX = "shared.delivery.inbox:is_first_delivery"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """All of them, on this run's servers; each in a database of its own. That the tests are green, this run says."""
    file = tmp_path_factory.mktemp("sabotage") / "results.json"
    servers = {"IEUM_DATABASE_URL": postgres_url(), "IEUM_KAFKA_BOOTSTRAP": kafka_bootstrap()}
    passwords = {"IEUM_TEST_PASSWORDS": json.dumps(databases.PASSWORDS)}
    command = [sys.executable, "-m", "tests.sabotage", "--no-control", "--results", str(file)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | servers | passwords, capture_output=True, text=True, check=False
    )
    assert file.exists(), done.stdout + done.stderr
    found: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.sabotage
@pytest.mark.connected
@pytest.mark.parametrize("name", GUARDS)
def test_a_removed_guard_is_noticed(results: dict[str, list[str]], name: str) -> None:
    verdict, said = results[name]

    assert verdict == "red", said


async def another(envelope: Any) -> bool:
    return True


@pytest.mark.parametrize(
    "removal",
    [
        always("shared.delivery.inbox:no_such_function", True),
        always("shared.delivery.no_such_module:anything", True),
        edited(INBOX, "a line that is not in it"),
        edited(INBOX, "envelope"),
        replaced(INBOX, another, "takes something else"),
    ],
    ids=["no function", "no module", "no such line", "more than one such line", "called in another way"],
)
def test_a_guard_that_is_not_where_the_registry_says_is_an_error(removal: Removal) -> None:
    with pytest.raises(NotThere):
        removal.apply()


async def test_a_guard_that_the_schema_does_not_have_is_an_error(migrated: Databases) -> None:
    with pytest.raises(NotThere):
        await change_schemas((("funding", "drop trigger no_such_trigger on posting"),))


def test_the_page_lists_exactly_the_guards() -> None:
    assert names() == list(GUARDS), "run: python -m tests.sabotage --write"


def test_every_guard_says_in_both_languages_what_it_prevents_and_which_tests_notice() -> None:
    for guard in GUARDS.values():
        assert guard.prevents.count(" / ") == 1, guard.name
        assert guard.tests, guard.name
        assert [test for test in guard.tests if not Path(ROOT, test.partition("::")[0]).is_file()] == []
