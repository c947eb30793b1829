"""Every guard of the databases is removed in turn, and each of the tests named for it must fail."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.databases import create, drop
from tests.guards import page
from tests.guards.removal import TEMPLATE, outcomes
from tests.guards.table import GUARDS, Guard
from tests.stack import postgres_url

AT_ONCE = 2
Outcomes = Mapping[str, str]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, "Future[Outcomes]"]:
    """Run the tests of every guard without it, and once all of them with every guard in place (`control`)."""
    folder: Path = tmp_path_factory.mktemp("guards")
    postgres_url()  # started by the main thread: the server ends with the thread that started it
    every_test = sorted({test for guard in GUARDS for test in guard.tests})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pool.submit(asyncio.run, create(TEMPLATE)).result()  # this thread's event loop belongs to pytest
        runs = {"control": pool.submit(outcomes, f"{TEMPLATE}_control", None, every_test, folder)}
        for number, guard in enumerate(GUARDS):
            runs[guard.name] = pool.submit(outcomes, f"{TEMPLATE}_{number}", guard, guard.tests, folder)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, drop(TEMPLATE)).result()
    return runs


@pytest.mark.guards
def test_all_tests_pass_with_every_guard_in_place(runs: Mapping[str, "Future[Outcomes]"]) -> None:
    results = runs["control"].result()

    assert {test: message for test, message in results.items() if message} == {}


@pytest.mark.guards
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_named_test_fails_without_the_guard(
    runs: Mapping[str, "Future[Outcomes]"], guard: Guard
) -> None:
    results = runs[guard.name].result()

    assert len(results) >= len(guard.tests)
    assert [test for test, message in results.items() if not message] == []


def test_the_page_lists_the_guards() -> None:
    assert page.written() == page.table(), "run: python -m tests.guards --write"
