"""The whole demo on the real stack: green as told; what is left out turns exactly its own rows red."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.demo

FACTORY = "gimcheon.programmes.gimcheon-smart-factory"
EVERY_PURSE = ("all", "national", "province", "city", "self")
DEPENDS = {
    "visit": {"jeonbuk.programmes.jeonbuk-smart-factory.mentors.companies_visited"},
    "pledge-report": {"gimcheon.pledge.progress_percent"},
    "legacy-company": {
        f"{FACTORY}.companies.2019.completed",
        *(f"{FACTORY}.invested_before_term.{purse}" for purse in EVERY_PURSE),
        *(f"{FACTORY}.total.{purse}" for purse in EVERY_PURSE),
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
    """Exit code, rows, and what was said besides."""
    left = [word for name in leave_out for word in ("--leave-out", name)]
    command = [sys.executable, "-m", "tools.cli", "demo", "--check", "--json", "--state", str(state), *left]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert ran.stdout, ran.stderr[-3000:]
    return ran.returncode, json.loads(ran.stdout), ran.stderr


def red(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows if not row["ok"]}


def test_the_demo_shows_every_figure_of_the_documents(tmp_path: Path) -> None:
    code, rows, said = demo_check(tmp_path / "state")

    assert red(rows) == set(), said[-3000:]
    assert len(rows) == 91
    assert code == 0, said[-3000:]


def test_what_is_left_out_turns_exactly_the_rows_red_that_depend_on_it(tmp_path: Path) -> None:
    code, rows, said = demo_check(tmp_path / "state", *DEPENDS)

    assert red(rows) == set().union(*DEPENDS.values()), said[-3000:]
    assert code == 1
