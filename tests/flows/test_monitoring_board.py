"""The board's pages on real Postgres: what they show, what they prove, whom they let in, how they stay live."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from services.monitoring.board import queries
from services.monitoring.board.files import A_YEAR, serve
from services.monitoring.board.fill.kept import row_view
from services.monitoring.board.fill.programme import programme_view
from services.monitoring.board.lineage.sources import MOST
from services.monitoring.board.parts.render import CONTENT_SECURITY_POLICY, Pages
from services.monitoring.board.parts.views import OverviewView
from services.monitoring.board.stream import Changes
from services.monitoring.figures import queries as figures
from shared.config import Settings
from shared.events import Event
from shared.values.money import Funder, split
from tests.databases import Databases
from tests.flows.monitoring_api import Monitoring
from tests.unit.board_builders import a_page
from tests.unit.monitoring_builders import (
    PROGRAMME,
    RATIO,
    a_case,
    abandoned,
    agreed,
    an_id,
    applied,
    booked,
    committed,
    opened,
    progress,
    published,
    recorded,
    registered,
    released,
    reserved,
    round_agreed,
    scheduled,
    selected,
    visited,
)
from tests.unit.monitoring_folds import facts, project

PAST = split(60_000_000, RATIO, Funder.SELF)
PLANNED = [
    {"count": 300},
    {"year": 2025, "track": "JS1", "count": 22},
    {"year": 2024, "newly": True, "count": 8},
]
STORY: list[Event] = [
    published(planned_companies=PLANNED),
    opened(),
    round_agreed(2024, "2024-02-01"),
    *a_case("A"),
    registered("B"),
    applied("B", track="JS2", municipality="52140"),
    selected("B"),
    agreed("B"),
    scheduled("B", "2025-02-01"),
    visited("B"),
    committed("B"),
    registered("C"),
    applied("C"),
    selected("C"),
    committed("C"),
    abandoned("C", "2024-06-01"),
    released("C", "2024-06-01", 40_000_000),
    applied("D"),
    reserved("D"),
    selected("D", "2024-06-02", via="reserve"),
    applied("E"),
    reserved("E"),
    recorded("R", (2019, 2021), "completed", PAST),
    booked("R", 2019, PAST),
    recorded("S", (2021, 2021), "in_progress"),
    progress(30, "2024-06-30"),
]
CASE = f"/cases/{an_id('case A')}"
AS_OF = "as_of=2025-01-20"


@pytest.fixture
async def board(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """The demo's board on loopback, with the story folded."""
    await project(databases["monitoring"], facts(STORY))
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path, board_operator="demo-operator")
    async with monitoring.client as client:
        yield client


async def read(board: AsyncClient, path: str) -> str:
    answer = await board.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("unit", ["1", "1000", "1000000"])
@pytest.mark.parametrize("path", ["/", "/programmes", f"/programmes/{PROGRAMME}", "/cases", CASE])
async def test_every_page_reads_in_each_unit_and_language(
    board: AsyncClient, path: str, unit: str, lang: str
) -> None:
    page = await read(board, f"{path}?{AS_OF}&unit={unit}&lang={lang}")

    assert f'<html lang="{lang}">' in page
    assert "demo-operator" in page


async def test_a_page_lets_nothing_from_elsewhere_in(board: AsyncClient) -> None:
    answer = await board.get("/")

    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", answer.text)


async def test_the_programmes_page_shows_the_figures_of_the_api(board: AsyncClient) -> None:
    figures = (await board.get(f"/api/figures/{PROGRAMME}?{AS_OF}")).json()

    page = await read(board, f"/programmes/{PROGRAMME}?{AS_OF}&unit=1")

    assert f'value="{figures["total"]["all"]}"' in page
    assert figures["rounds"]["2024"]["completed_or_about_to"] == 2
    assert "시험 스마트공장" in page


async def test_every_figure_on_the_pages_is_the_sum_of_its_events(board: AsyncClient) -> None:
    pages = [await read(board, f"{path}?{AS_OF}") for path in ("/", f"/programmes/{PROGRAMME}")]
    links = sorted(
        {unescape(link) for page in pages for link in re.findall(r'href="(/figures/[^"]+)"', page)}
    )

    wrong = [link for link in links if not proves_itself(await read(board, link))]

    assert len(links) > 60
    assert wrong == []


def proves_itself(page: str) -> bool:
    """The events add up to the figure; a figure of zero has none and says 0."""
    title = text_of(re.findall(r"<h1>(.*?)</h1>", page)[0])
    return "차이 0" in text_of(page) or re.search(r": 0( %|원|곳|회)?$", title) is not None


async def test_a_figure_leads_to_its_events_and_to_the_raw_event(board: AsyncClient) -> None:
    page = await read(board, f"/figures/{PROGRAMME}.invested_before_term.city?{AS_OF}")

    shown = text_of(page)
    assert "past_spending.booked" in shown
    assert "12,000,000" in shown
    assert '<mark>"city": 12000000</mark>'.replace('"', "&#34;") in page
    assert "ieum.funding" in shown


async def test_the_chosen_event_is_the_one_that_is_shown_raw(board: AsyncClient) -> None:
    path = f"/figures/{PROGRAMME}.rounds.2024.applied"
    ids = re.findall(r"event=([0-9a-f-]{36})", await read(board, f"{path}?{AS_OF}"))

    page = await read(board, f"{path}?{AS_OF}&event={ids[2]}")

    assert len(set(ids)) == 5
    assert f'<td class="mono">{ids[2]}</td>' in page


@pytest.mark.parametrize(
    "key", ["nonsense", f"{PROGRAMME}.rounds.2024.percent", f"{PROGRAMME}.rounds.1999.selected"]
)
async def test_a_figure_that_no_page_shows_is_refused_in_words(board: AsyncClient, key: str) -> None:
    answer = await board.get(f"/figures/{key}")

    assert answer.status_code == 404
    assert "없" in text_of(answer.text)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


async def test_a_case_shows_its_life_its_purses_and_the_three_people(board: AsyncClient) -> None:
    page = text_of(await read(board, f"{CASE}?{AS_OF}"))

    for shown in ("기업 A", "124-**-***98", "20,000,000", "K-1", "J-1", "P-1", "착수계", "완료"):
        assert shown in page
    assert "1248100998" not in page


async def test_a_case_on_a_past_day_knows_nothing_of_what_came_later(board: AsyncClient) -> None:
    page = text_of(await read(board, f"{CASE}?as_of=2024-08-05"))

    assert "금고가 거절" in page
    assert "지급 완료" not in page
    assert "완료점검 달성" not in page


async def test_cases_are_found_by_programme_status_track_and_name(board: AsyncClient) -> None:
    async def found(query: str) -> set[str]:
        return set(re.findall(r"기업 ([A-Z])</b>", await read(board, f"/cases?{AS_OF}&{query}")))

    assert await found(f"programme={PROGRAMME}") == {"A", "B", "C", "R", "S"}
    assert await found("status=completed") == {"A"}
    assert await found("status=abandoned") == {"C"}
    assert await found("status=recorded&year=2020") == {"R"}
    assert await found("track=JS2") == {"B"}
    assert await found("q=기업 B") == {"B"}
    assert await found("q=%25") == set()


async def test_a_page_of_cases_beyond_the_last_one_is_the_last_one(board: AsyncClient) -> None:
    beyond = text_of(await read(board, f"/cases?{AS_OF}&programme={PROGRAMME}&page=9"))

    assert "조건에 맞는 과제가 없습니다" not in beyond
    assert "기업 A" in beyond


async def test_every_year_of_a_recorded_case_can_be_chosen(board: AsyncClient) -> None:
    page = await read(board, f"/cases?{AS_OF}")

    assert re.findall(r"<option>(\d{4})</option>", page) == ["2024", "2021", "2020", "2019"]


@pytest.mark.parametrize(
    ("accept", "kind"), [("text/html", "text/html"), ("application/json", "application/problem+json")]
)
async def test_an_address_without_a_page_says_so_to_whoever_asks(
    board: AsyncClient, accept: str, kind: str
) -> None:
    answer = await board.get("/no/such/page", headers={"Accept": accept})

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith(kind)


async def test_a_municipalitys_figure_is_named_in_the_readers_language(board: AsyncClient) -> None:
    origin = await read(board, f"/figures/{PROGRAMME}.municipalities.rows.52130.applied?{AS_OF}&lang=en")

    assert re.search(r"<h1>[^<]*\w+ applied", origin)
    assert not re.search(r"<h1>[^<]*[가-힣]", origin)


async def test_the_overview_lists_what_needs_somebody_today_only(board: AsyncClient) -> None:
    past = text_of(await read(board, f"/?{AS_OF}"))
    today = text_of(await read(board, "/"))

    assert "기업 B" in today
    assert "기업 B" not in past


@pytest.mark.parametrize("on", ["2024-06-30", "2025-01-20"])
async def test_a_programmes_row_says_what_it_would_with_all_details(
    databases: Databases, board: AsyncClient, on: str
) -> None:
    day, pages = date.fromisoformat(on), Pages()
    async with databases["monitoring"].snapshot() as session:
        briefly = await figures.facts(session, [PROGRAMME], day, in_detail=False)
        whole = await figures.facts(session, [PROGRAMME], day)

    drawn = [
        pages.overview(a_page(as_of=day), OverviewView((programme_view(one[PROGRAMME]),)))
        for one in (briefly, whole)
    ]

    assert drawn[0] == drawn[1]
    assert f'href="/figures/{PROGRAMME}.rounds.' in drawn[0]


async def test_a_row_that_was_kept_says_on_every_day_what_it_would_drawn_anew(databases: Databases) -> None:
    """Forwards and back; the last one is today."""
    await project(databases["monitoring"], facts(STORY))
    days = [date(2024, 1, 2) + timedelta(days=9 * n) for n in range(60)]
    kept, fresh, today = Pages(), Pages(), days[-1]

    for day in [*days, *reversed(days)]:
        page = a_page(as_of=day, today=today)
        async with databases["monitoring"].snapshot() as session:
            known = await figures.known_programmes(session, day)
            found = await figures.facts(session, known, day, in_detail=False)
            latest = await queries.last_event_on(session, list(found), day)
        anew = OverviewView(tuple(programme_view(one) for one in found.values()), latest=latest)
        shown = OverviewView(tuple(row_view(one) for one in found.values()), latest=latest)

        fresh.figures.cache_clear()
        assert kept.overview(page, shown) == fresh.overview(page, anew)


async def test_a_future_date_is_refused_with_a_page(board: AsyncClient) -> None:
    answer = await board.get("/?as_of=2999-01-01")

    assert answer.status_code == 409
    assert "오늘이나 그 전 날짜로" in text_of(answer.text)


@pytest.mark.parametrize("query", ["as_of=yesterday", "unit=7", "lang=fr", "page=0", "status=lost"])
async def test_an_address_that_cannot_be_read_names_the_field(board: AsyncClient, query: str) -> None:
    answer = await board.get(f"/cases?{query}")

    assert answer.status_code == 422
    assert query.split("=", maxsplit=1)[0] in text_of(answer.text)


async def test_without_a_token_the_board_is_a_page_that_asks_for_one(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    closed = Monitoring(databases["monitoring"], settings, tmp_path)

    nobody = await closed.client.get("/")
    officer = await closed.ask("GET", "/")

    assert (nobody.status_code, officer.status_code) == (401, 200)
    assert "로그인" in text_of(nobody.text)


async def test_built_files_are_kept_for_good_and_missing_ones_are_not_found(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "board-ABC.css").write_text("b{}")
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path)
    monitoring.app.router.routes = [
        one for one in monitoring.app.router.routes if getattr(one, "name", "") != "static"
    ]
    serve(monitoring.app, tmp_path)
    client = AsyncClient(transport=ASGITransport(monitoring.app), base_url="http://127.0.0.1")

    file, missing = await client.get("/static/board-ABC.css"), await client.get("/static/none.css")

    assert file.headers["cache-control"] == A_YEAR
    assert missing.status_code == 404


async def test_a_page_that_is_asked_for_again_shows_what_was_folded_meanwhile(
    board: AsyncClient, databases: Databases
) -> None:
    before = await read(board, f"/programmes/{PROGRAMME}?{AS_OF}")
    again = await read(board, f"/programmes/{PROGRAMME}?{AS_OF}")

    await project(databases["monitoring"], facts([*STORY, applied("F")])[len(STORY) :])
    after = await read(board, f"/programmes/{PROGRAMME}?{AS_OF}")

    assert before == again
    assert after != before


async def test_a_page_that_is_asked_for_again_names_whoever_asks(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path)

    pages = [await monitoring.ask("GET", "/", subject=who) for who in ("kim-01", "lee-02")]

    assert [who in page.text for page in pages for who in ("kim-01", "lee-02")] == [True, False, False, True]


async def test_an_open_page_is_told_when_projections_move(databases: Databases) -> None:
    database = databases["monitoring"]
    changes = Changes(database)
    told = changes.of_page()
    waiting = asyncio.ensure_future(anext(told))
    await asyncio.sleep(1.5)

    async with database.asyncpg_transaction() as connection:
        await connection.execute("insert into projection_offset values ('ieum.funding', 0, 41)")
        await connection.execute("select pg_notify(current_schema() || '.projected', '')")
    event = await asyncio.wait_for(waiting, 4)
    await told.aclose()

    assert (event.event, event.data) == ("changed", "41")
    assert changes.task is None


async def test_a_figure_of_many_events_shows_a_part_and_says_of_how_many(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    many = [f"N{number}" for number in range(MOST + 5)]
    events = [published(), *(applied(name) for name in many), *(booked(name, 2019, PAST) for name in many)]
    await project(databases["monitoring"], facts(events), batch=200)
    board = Monitoring(databases["monitoring"], settings, tmp_path, board_operator="demo-operator").client

    for path in ("rounds.2024.applied", "invested_before_term.city", "executed.2019.city"):
        page = await read(board, f"/figures/{PROGRAMME}.{path}?{AS_OF}")

        assert f"{MOST + 5}" in text_of(page), path
        assert len(set(re.findall(r"event=([0-9a-f-]{36})", page))) == MOST, path
        assert "차이 0" not in text_of(page), path
