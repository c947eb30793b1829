"""The whole demo on the real stack: every figure passes; an omission fails exactly the figures that depend on it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.demo

FACTORY = "gimcheon.programmes.gimcheon-smart-factory"
FUNDERS = ("all", "national", "province", "city", "self")
DEPENDENT_FIGURES = {
    "visit": {"jeonbuk.programmes.jeonbuk-smart-factory.mentors.companies_visited"},
    "pledge-report": {"gimcheon.pledge.progress_percent"},
    "legacy-company": {
        f"{FACTORY}.companies.2019.completed",
        *(f"{FACTORY}.invested_before_term.{funder}" for funder in FUNDERS),
        *(f"{FACTORY}.total.{funder}" for funder in FUNDERS),
    },
    "plan-cell": {
        f"{FACTORY}.term_plan.all.subtotal",
        f"{FACTORY}.term_plan.all.2024",
        f"{FACTORY}.term_plan.city.subtotal",
        f"{FACTORY}.term_plan.city.2024",
        f"{FACTORY}.total.all",
        f"{FACTORY}.total.city",
    },
}


def demo_check(state: Path, *leave_out: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run `ieum demo --check` and return its exit code, the rows of its JSON, and its standard error."""
    options = [word for name in leave_out for word in ("--leave-out", name)]
    command = [sys.executable, "-m", "tools.cli", "demo", "--check", "--json", "--state", str(state)]
    process = subprocess.run([*command, *options], capture_output=True, text=True, timeout=900, check=False)
    assert process.stdout, process.stderr[-3000:]
    return process.returncode, json.loads(process.stdout), process.stderr


def failed(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows if not row["ok"]}


def test_demo_shows_every_figure_of_the_documents(tmp_path: Path) -> None:
    code, rows, stderr = demo_check(tmp_path / "state")

    assert failed(rows) == set(), stderr[-3000:]
    assert len(rows) == 91
    assert code == 0, stderr[-3000:]
    assert (tmp_path / "state" / "business-clock").read_text() == "2025-01-20T18:00:00+09:00\n"


def test_omissions_fail_exactly_the_figures_that_depend_on_them(tmp_path: Path) -> None:
    code, rows, stderr = demo_check(tmp_path / "state", *DEPENDENT_FIGURES)

    assert failed(rows) == set().union(*DEPENDENT_FIGURES.values()), stderr[-3000:]
    assert code == 1
