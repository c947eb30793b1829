"""Alert rules: when each fires, its annotations, and that every metric it queries is exported."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from shared.observability import metrics
from tests.observability.rules import CASES, promtool_tests
from tests.sources import ROOT

FILE = ROOT / "deploy/observability/rules/ieum.yml"
SUFFIXES = "_(total|bucket|sum|count|info)$"


def rules() -> dict[str, Any]:
    [group] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_each_alert_fires_on_its_series_and_not_just_below(tmp_path: Path) -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool (Debian's package prometheus) is not installed")
    test = tmp_path / "test.yml"
    test.write_text(yaml.safe_dump(promtool_tests(str(FILE), rules()), allow_unicode=True), encoding="utf-8")

    process = subprocess.run([promtool, "test", "rules", test], capture_output=True, text=True, check=False)

    assert process.returncode == 0, process.stdout + process.stderr
    assert set(CASES) == set(rules())


@pytest.mark.parametrize("rule", rules().values(), ids=rules())
def test_each_alert_has_a_severity_texts_in_both_languages_and_a_runbook(rule: Any) -> None:
    annotations = rule["annotations"]
    page, _, anchor = annotations["runbook"].partition("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)

    assert rule["labels"]["severity"] in {"critical", "warning"}
    for text in (annotations["summary"], annotations["description"]):
        ko, _, en = text.rpartition(" / ")
        assert re.search("[가-힣]", ko), text
        assert not re.search("[가-힣]", en), text
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_metrics_of_rules_and_dashboard_are_exported() -> None:
    exported = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    known = {family.name for metric in exported for family in metric.describe()}
    board = (ROOT / "deploy/observability/grafana/dashboards/ieum.json").read_text(encoding="utf-8")
    queried = set(re.findall(r"\bieum_\w+", board + " ".join(rule["expr"] for rule in rules().values())))

    assert {re.sub(SUFFIXES, "", name) for name in queried} <= known
    assert len(queried) > 15
