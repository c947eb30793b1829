"""The alert rules: by what each fires, what it tells, and that what it asks for is measured."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from shared.observability import metrics
from tests.observability.rules import CASES, promtools
from tests.sources import ROOT

FILE = ROOT / "deploy/observability/rules/ieum.yml"
SUFFIXES = "_(total|bucket|sum|count|info)$"


def rules() -> dict[str, Any]:
    [group] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_each_alert_fires_by_what_it_tells_of_and_by_nothing_less(tmp_path: Path) -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool (Debian's package prometheus) is not installed")
    test = tmp_path / "test.yml"
    test.write_text(yaml.safe_dump(promtools(str(FILE), rules()), allow_unicode=True), encoding="utf-8")

    done = subprocess.run([promtool, "test", "rules", test], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(CASES) == set(rules())


@pytest.mark.parametrize("rule", rules().values(), ids=rules())
def test_each_alert_says_how_bad_it_is_in_both_languages_and_where_its_runbook_stands(rule: Any) -> None:
    said = rule["annotations"]
    page, _, anchor = said["runbook"].partition("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)

    assert rule["labels"]["severity"] in {"critical", "warning"}
    for text in (said["summary"], said["description"]):
        ko, _, en = text.rpartition(" / ")
        assert re.search("[가-힣]", ko), text
        assert not re.search("[가-힣]", en), text
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_what_rules_and_dashboard_ask_for_is_measured() -> None:
    kept = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    known = {family.name for one in kept for family in one.describe()}
    board = (ROOT / "deploy/observability/grafana/dashboards/ieum.json").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bieum_\w+", board + " ".join(rule["expr"] for rule in rules().values())))

    assert {re.sub(SUFFIXES, "", one) for one in asked} <= known
    assert len(asked) > 15
