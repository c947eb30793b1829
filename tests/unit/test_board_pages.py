"""Rendered pages: the overview, a case, an error page; and that no foreign content gets into them."""

import re
from datetime import UTC, datetime

import pytest

from services.monitoring.board.parts import view_charts
from services.monitoring.board.parts.case_view import TimelineEntry, Tranche
from services.monitoring.board.parts.render import Renderer
from services.monitoring.board.parts.views import OverviewView
from shared.web.ui.page import ErrorView
from shared.web.ui.render import Assets
from shared.web.ui.values import Text
from tests.unit.board_builders import (
    MID_2022,
    NOW,
    a_case,
    a_page,
    a_programme,
    an_entry,
    companies_of_2022,
    with_everything,
)


def test_programmes_are_sorted_by_urgency() -> None:
    normal = a_programme(id="normal")
    history = a_programme(id="history", stage="history")
    stale = a_programme(id="stale", last_event_on=MID_2022)
    danger = with_everything(id="danger")
    draft = a_programme(id="draft", stage="consultation")
    view = OverviewView((history, draft, normal, stale, danger), (), ())

    html = Renderer(Assets()).overview(a_page(), view)

    order = re.findall(r'<article class="prog" id="(\w+)"', html)
    assert order == ["danger", "stale", "normal", "draft", "history"]
    assert re.findall(r'<li>.*?href="/programmes/(\w+)"', html) == order


def test_unconfirmed_payment_is_shown_even_on_a_completed_case() -> None:
    tranche = Tranche(2, Text("잔금"), "unconfirmed", 1_000, NOW)

    html = Renderer(Assets()).case(a_page(), a_case(tranches=(tranche,)))

    assert "금고의 확인이 오지 않았습니다" in html
    assert "완료 · 과제번호 J-1" in re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize(
    ("track_name", "title"), [(None, "기업 B-031"), (Text("기초 1단계", "Basic 1"), "기업 B-031, 기초 1단계")]
)
def test_case_title_names_the_track_only_where_it_is_known(track_name: Text | None, title: str) -> None:
    html = Renderer(Assets()).case(a_page(), a_case(track_name=track_name))

    assert f"<h1>{title}</h1>" in html
    assert len(re.findall(r'class="pill', html.split("<h1>")[0])) == 1


def test_four_or_more_messages_of_a_day_are_grouped() -> None:
    message = TimelineEntry(NOW, datetime(2025, 1, 20, tzinfo=UTC), "notifications", "message.sent", "m", {})
    payment = an_entry("tranche.disbursed", number=1)

    groups = view_charts.group_messages([message, message, message, payment, *[message] * 4])

    assert [len(group) for group in groups] == [1, 1, 1, 1, 4]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_page_without_built_assets_is_readable_and_has_no_inline_code(lang: str) -> None:
    view = OverviewView((a_programme(companies=companies_of_2022(3, 8)),), (), ())

    html = Renderer(Assets()).overview(a_page(lang=lang), view)

    assert f'<html lang="{lang}">' in html
    assert '<link rel="stylesheet"' not in html
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*src=)", html)


def test_names_are_escaped() -> None:
    view = a_programme(name=Text("<script>alert(1)</script>"), short_name=Text("<b>x</b>"))

    html = Renderer(Assets()).programme(a_page(), view)

    assert "<script>alert" not in html
    assert "<b>x</b>" not in html


def test_page_of_a_past_date_is_marked_and_gets_no_live_updates() -> None:
    html = Renderer(Assets()).overview(a_page(as_of=MID_2022), OverviewView((), None, None))

    assert "sse-connect" not in html
    assert "갱신을 멈췄습니다" in html
    assert 'class="asof past"' in html


def test_error_page_shows_the_rule_and_what_to_do() -> None:
    view = ErrorView(403, Text("기안한 사람입니다"), "01-8f")

    html = Renderer(Assets()).error(a_page(), view)

    words = ("권한 없음", "기안한 사람입니다", "권한이 있는 담당자에게 요청하세요", "01-8f")
    assert all(word in html for word in words)
