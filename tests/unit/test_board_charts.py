"""Charts are drawn in proportion, within their bounds, on one scale."""

import re
from datetime import date

import pytest

from services.monitoring.board.parts import view_charts
from services.monitoring.figures.figure import Figure
from services.monitoring.figures.inputs import FigureInputs, MoneySum
from services.monitoring.figures.money import MoneyYear, money_years
from services.monitoring.projections.money import MoneyKind
from services.monitoring.texts import translator
from shared.values.money import Funder
from shared.web.ui import charts
from shared.web.ui.charts import Bar, Segment
from shared.web.ui.text_width import text_width
from tests.unit.monitoring_builders import a_definition


def test_bullet_segments_are_proportional_and_end_with_the_bar() -> None:
    svg = charts.bullet([Segment(70, "actual", "선정 70"), Segment(900, "short", "")], 100, "a < b")

    widths = [float(width) for width in re.findall(r'<rect class="k-\w+" .*?width="([\d.]+)"', svg)]
    assert widths == [280.0, 196.0, 84.0]
    assert 'aria-label="a &lt; b"' in svg
    assert "style=" not in svg


def test_labels_of_a_bar_do_not_overlap() -> None:
    segments = [
        Segment(1, "actual", "2024 선정 70"),
        Segment(1, "plan", "2025 계획 71"),
        Segment(98, "short", "남은 몫 98"),
    ]

    svg = charts.bullet(segments, 100, "")

    placed = [
        (float(x), text)
        for x, text in re.findall(r'<text class="[^"]*" x="([\d.]+)" y="36.0">(.+?)</text>', svg)
    ]
    ends = [x + text_width(text, bold=True) for x, text in placed]
    assert len(placed) == 3
    assert all(end <= start for end, (start, _) in zip(ends, placed[1:], strict=False))


def test_lines_above_a_bar_stay_within_the_chart() -> None:
    svg = charts.columns([Bar("2024", (Segment(70, "actual"),), ("Newly planned for the year 49",))], "")

    width = float(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    middles = [(float(x), text) for x, text in re.findall(r'<text class="v m" x="([\d.]+)".*?>(.+?)<', svg)]
    assert middles
    for middle, text in middles:
        assert middle - text_width(text, bold=True) / 2 >= -0.1
        assert middle + text_width(text, bold=True) / 2 <= width + 0.1


def test_single_bar_does_not_fill_the_width() -> None:
    svg = charts.columns([Bar("2024", (Segment(70, "actual"),), ("70",))], "")

    assert max(float(width) for width in re.findall(r'<rect .*?width="([\d.]+)"', svg)) <= 84


def test_plan_outline_and_execution_share_one_scale() -> None:
    year = MoneyYear("2022", Figure(2_000), ((Funder.CITY, Figure(300)), (Funder.SELF, Figure(200))))

    svg = view_charts.money_columns((year,), translator("ko"), "ko", 1)

    heights = {
        style: float(height) for style, height in re.findall(r'class="k-(\w+)" .*?height="([\d.]+)"', svg)
    }
    assert heights["city"] / heights["plan"] == pytest.approx(300 / 2_000, abs=0.01)
    assert "계획 2,000" in svg
    assert "집행 500" in svg


def test_past_spending_precedes_the_plan_and_half_years_have_no_execution() -> None:
    plan = [
        {"period": period, "funder": "city", "amount_krw": krw}
        for period, krw in {"2022": 5, "2026H1": 6, "2026H2": 7}.items()
    ]
    definition = a_definition(funders={"city": 1}, remainder_to="city", plan=plan)
    spent = [MoneySum(MoneyKind.DISBURSED, year, "city", 3) for year in (2019, 2022, 2026)]

    inputs = FigureInputs("p", date(2026, 12, 31), definition=definition, money=spent)
    found = {row.key: row for row in money_years(inputs)}

    assert list(found) == ["2019", "2022", "2026H1", "2026H2"]
    assert found["2019"].planned.value is None
    assert found["2022"].executed[0][1].value == 3
    assert found["2026H1"].executed == ()
