"""Every page of docs/how-to works as written: its edits apply and its commands succeed, or fail where it says so."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import PASSWORDS
from tests.howto.page import Command, Edit, NewFile, Step, steps
from tests.sources import ROOT, files
from tests.stack import postgres_url
from tools.devstack.stack import remove
from tools.devstack.state import State

PAGES = sorted((ROOT / "docs/how-to").glob("*.md"))
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
STATE = ".ieum"
GIVEN_SERVERS = ("IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP", "IEUM_TEST_DATABASE", "IEUM_TEST_PASSWORDS")
TIMEOUT = 300.0  # seconds


@pytest.fixture
def working_copy(tmp_path: Path) -> Path:
    """A new repository with the files of this one."""
    for path in files():
        (tmp_path / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def environment(steps_of_page: Sequence[Step], folder: Path) -> dict[str, str]:
    """Return the environment of a reader's shell: this Python first, the folder's modules, and this run's PostgreSQL.

    A page that migrates, or runs the stack, has servers of its own: other tests expect the schema as it is.
    """
    own_servers = any(
        step.goes_on if isinstance(step, Command) else "/migrations/" in step.path for step in steps_of_page
    )
    shell = os.environ | {"PATH": PATH, "PYTHONPATH": str(folder), "IEUM_STATE": str(folder / STATE)}
    if own_servers:
        return {name: value for name, value in shell.items() if name not in GIVEN_SERVERS}
    return shell | {"IEUM_DATABASE_URL": postgres_url(), "IEUM_TEST_PASSWORDS": json.dumps(PASSWORDS)}


def skip_where_followed(page: Path, steps_of_page: Sequence[Step]) -> None:
    followed = [
        step.path for step in steps_of_page if isinstance(step, NewFile) and (ROOT / step.path).exists()
    ]
    if followed:
        pytest.skip(f"{page.stem} was followed in this checkout: {followed[0]} exists")


@pytest.mark.howto
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_works_as_written(page: Path, working_copy: Path) -> None:
    steps_of_page = list(steps(page.read_text(encoding="utf-8")))
    skip_where_followed(page, steps_of_page)
    shell = environment(steps_of_page, working_copy)
    with ExitStack() as terminals:
        for step in steps_of_page:
            if not isinstance(step, Command):
                step.apply(working_copy)
            elif step.goes_on:
                start(step, working_copy, shell, terminals)
            else:
                run(step, working_copy, shell)

    changed = {step.path for step in steps_of_page if not isinstance(step, Command)}
    code = sorted(path for path in changed if path.endswith(".py"))
    for check in (
        ["ruff", "check", *code],
        ["ruff", "format", "--check", *code],
        ["lint-imports", "--no-cache"],
    ):
        run(Command(check), working_copy, shell)


def run(command: Command, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command.arguments,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode != 0) == command.fails, f"{command.arguments}:\n{done.stdout}"
    assert command.shows(done.stdout), f"{command.output} is not in the output:\n{done.stdout}"


def start(command: Command, folder: Path, environment: dict[str, str], terminals: ExitStack) -> None:
    """Start a command that goes on, and wait for its output; it is ended with the terminals."""
    log = folder.with_suffix(".log")
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command.arguments, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    terminals.callback(end, process, State(folder / STATE))
    deadline = time.monotonic() + TIMEOUT
    while not command.shows(shown := log.read_text(encoding="utf-8")):
        assert process.poll() is None, f"{command.arguments} has ended:\n{shown}"
        assert time.monotonic() < deadline, f"{command.output} is never in the output:\n{shown}"
        time.sleep(0.2)


def end(process: "subprocess.Popen[bytes]", state: State) -> None:
    process.terminate()
    process.wait(TIMEOUT)
    if state.folder.exists():
        remove(state)


def test_pages_exist() -> None:
    assert PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_edits_of_page_apply(page: Path, working_copy: Path) -> None:
    steps_of_page = list(steps(page.read_text(encoding="utf-8")))
    skip_where_followed(page, steps_of_page)

    for step in steps_of_page:
        if not isinstance(step, Command):
            step.apply(working_copy)


def test_make_verbs_of_contributing_exist() -> None:
    named = set(re.findall(r"`make (\w+)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))

    assert {"lint", "test", "proof"} <= named
    assert named <= set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_edit_replaces_its_context_or_appends(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    NewFile("a.txt", "one\ntwo\n").apply(tmp_path)

    Edit("a.txt", " one\n-two\n+zwei\n@@\n+three\n").apply(tmp_path)

    assert file.read_text() == "one\nzwei\nthree\n"


def test_edit_with_missing_or_ambiguous_context_is_refused(tmp_path: Path) -> None:
    NewFile("a.txt", "one\none\ntwo\n").apply(tmp_path)

    for context in ("one", "three", "tw"):
        with pytest.raises(AssertionError, match="does not contain once"):
            Edit("a.txt", f" {context}\n+new\n").apply(tmp_path)


def test_new_file_replaces_no_file(tmp_path: Path) -> None:
    NewFile("a.txt", "one\n").apply(tmp_path)

    with pytest.raises(AssertionError, match="exists already"):
        NewFile("a.txt", "two\n").apply(tmp_path)


@pytest.mark.parametrize(
    "page",
    ["Text `a.py`:\n\n```python\nx\n```\n", "In the file:\n\n```diff\n+x\n```\n", "```\nx\n```\n"],
    ids=["no step", "no file", "no language"],
)
def test_block_that_cannot_be_executed_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="block"):
        list(steps(page))


def test_command_has_its_output_and_its_failure() -> None:
    [passes, fails, goes_on] = steps(
        "Run:\n\n```console\n$ a 'b c'\n…1 passed…\n$ d  # fails\n$ e  # in another terminal\nup\n```\n"
    )

    assert passes == Command(["a", "b c"], output=("…1 passed…",))
    assert fails == Command(["d"], fails=True)
    assert goes_on == Command(["e"], output=("up",), goes_on=True)
    assert passes.shows("first\n=== 1 passed in 2 s ===\n")
    assert not passes.shows("first\n1 failed\n")
