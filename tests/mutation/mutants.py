"""Runs of mutmut: one file is mutated in a temporary copy of the tree, which leaves the checkout as it is."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation import servers
from tests.mutation.judges import Judges, judges_of
from tests.sources import ROOT

PYTHON = ROOT / ".venv" / "mutation" / "bin" / "python"
COPIED = ("services", "shared", "deploy", "tools", "tests")
METADATA = "ieum.dist-info/METADATA"
KILLED = (1, 3, 24, -24, 36, 152, 255)  # a failed test; or endless work, which is noticed as well
# A mutant's tests may take (their usual time + constant) * multiplier; mutmut's own limits are made for unit tests.
TIME_LIMIT = {"timeout_constant": 3.0, "timeout_multiplier": 4.0}
# `mutmut show` starts anew for each mutant.
SHOW_DIFFS = """
import json, sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
path, *names = sys.argv[1:]
print(json.dumps({name: get_diff_for_mutant(name, path=path) for name in names}))
"""


class RunFailed(Exception):
    """mutmut ended without results: its output is the message."""


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of a function: the line as it is and as mutmut changed it; an empty line was added or is gone."""

    path: str
    function: str
    old: str
    new: str


@dataclass(frozen=True)
class Results:
    total: int
    survivors: tuple[Mutant, ...]


def mutate(path: str, folder: Path) -> Results:
    """Mutate the file and run the tests that judge it against each mutant. Raises RunFailed."""
    judges = judges_of(path)
    prepare(path, judges, folder)
    command = [str(PYTHON), "-m", "mutmut", "run", "--max-children", str(1 if judges.need_servers else 2)]
    environment = {**os.environ, **servers.given_to(judges), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    codes = exit_codes(path, folder)
    if ran.returncode or not codes or None in codes.values():
        raise RunFailed(f"{path}: {ran.stdout[-3_000:]}\n{ran.stderr[-2_000:]}")
    alive = [name for name, code in codes.items() if code not in KILLED]
    return Results(len(codes), tuple(describe(path, alive, folder)))


def exit_codes(path: str, folder: Path) -> dict[str, int | None]:
    """Return how the tests ended against each mutant, None where they did not run."""
    results = folder / "mutants" / f"{path}.meta"
    return json.loads(results.read_text(encoding="utf-8"))["exit_code_by_key"] if results.exists() else {}


def prepare(path: str, judges: Judges, folder: Path) -> None:
    """Make a project of links that mutmut can copy, and say there what is mutated and which tests run."""
    for name in COPIED:
        (folder / name).symlink_to(ROOT / name)
    write_metadata(folder / METADATA)
    settings: dict[str, object] = {
        "source_paths": [path],
        "pytest_add_cli_args_test_selection": selection(judges),
    }
    if judges.need_servers:
        settings |= TIME_LIMIT
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    configured = project.replace("[tool.mutmut]\n", "\n".join(["[tool.mutmut]", *lines, ""]))
    (folder / "pyproject.toml").write_text(configured, encoding="utf-8")


def write_metadata(file: Path) -> None:
    """Write what the code asks of its installation, which mutmut's environment does not have."""
    file.parent.mkdir(exist_ok=True)
    file.write_text("Name: ieum\nVersion: 0\n", encoding="utf-8")


def selection(judges: Judges) -> list[str]:
    return [*judges.tests] if judges.connected else [*judges.tests, "-m", "not connected"]


def describe(path: str, names: Sequence[str], folder: Path) -> Iterator[Mutant]:
    command = [str(PYTHON), "-c", SHOW_DIFFS, path, *names]
    shown = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    for name, diff in json.loads(shown).items():
        changed = [line for line in diff.splitlines() if re.match(r"[-+](?![-+]{2} )", line)]
        old, new = (
            " ".join(" ".join(line[1:].split()) for line in changed if line[0] == sign) for sign in "-+"
        )
        yield Mutant(path, function_name(name), old, new)


def function_name(mutant: str) -> str:
    """Return the function of a mutant's name: `….x_schedule__mutmut_3`, or `….xǁClassǁmethod__mutmut_3`."""
    mangled = mutant.rpartition(".")[2].partition("__mutmut_")[0]
    return mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
