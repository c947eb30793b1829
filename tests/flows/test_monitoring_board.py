"""The board's pages on real Postgres: content, lineage, access, caching, live updates."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from services.monitoring.board.parts.render import Renderer
from services.monitoring.board.parts.views import OverviewView
from services.monitoring.board.stream import ChangeStream
from services.monitoring.figures import queries as figures
from services.monitoring.figures.contributions import MAX_EVENTS
from services.monitoring.figures.programme import programme_view
from shared.config import Settings
from shared.events import Event
from shared.values.money import Funder, split
from shared.web.ui.files import CACHE_FOR_A_YEAR, mount_static_files
from shared.web.ui.responses import CONTENT_SECURITY_POLICY
from tests.databases import Databases
from tests.flows.monitoring_api import Monitoring
from tests.languages import unmarked_texts
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
from tests.unit.monitoring_folds import decode_events, project_events

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
FIGURE = f"/figures/{PROGRAMME}.invested_before_term.city"
PAGES = ["/", "/programmes", f"/programmes/{PROGRAMME}", "/cases", CASE, FIGURE]


@pytest.fixture
async def board(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """The demo's board on loopback, with the story projected."""
    await project_events(databases["monitoring"], decode_events(STORY))
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path, board_operator="demo-operator")
    async with monitoring.client as client:
        yield client


async def read(board: AsyncClient, path: str) -> str:
    response = await board.get(path)
    assert response.status_code == 200, response.text
    return response.text


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("unit", ["1", "1000", "1000000"])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_shown_in_each_unit_and_language(
    board: AsyncClient, path: str, unit: str, lang: str
) -> None:
    page = await read(board, f"{path}?{AS_OF}&unit={unit}&lang={lang}")

    assert f'<html lang="{lang}">' in page
    assert "demo-operator" in page
    assert list(unmarked_texts(page)) == []


async def test_pages_allow_no_foreign_content(board: AsyncClient) -> None:
    response = await board.get("/")

    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", response.text)


async def test_programme_page_shows_the_figures_of_the_api(board: AsyncClient) -> None:
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

    wrong = [link for link in links if not equals_its_events(await read(board, link))]

    assert len(links) > 60
    assert wrong == []


def equals_its_events(page: str) -> bool:
    """Whether the lineage page shows no difference, or a figure of 0, which has no events."""
    title = text_of(re.findall(r"<h1>(.*?)</h1>", page)[0])
    return "차이 0" in text_of(page) or re.search(r": 0( %|원|곳|회)?$", title) is not None


DOUBLED = """
    select jsonb_agg(jsonb_set(cell, '{amount_krw}', to_jsonb(2 * (cell ->> 'amount_krw')::bigint)))
    from jsonb_array_elements(definition -> 'plan') as cell
"""
WRONG_ROWS = {
    f"update programme_version set definition = jsonb_set(definition, '{{plan}}', ({DOUBLED}))": (
        "term_plan.all.subtotal",
        "money_planned",
        "total.all",
    ),
    "update programme_version set definition = jsonb_set(definition, '{mentors}', '31')": ("mentors.count",),
    "update programme_version set definition = jsonb_set(definition, '{indicators,0,target}', '9')": (
        "indicators.agreements.target",
    ),
    "update programme_version set definition = jsonb_set(definition, '{planned_companies,0,count}', '9')": (
        "companies_planned",
    ),
    "update pledge_report set percent = 99": ("pledge.progress_percent",),
    "update money_rollup set amount_krw = amount_krw + 1": ("committed.2024.city", "executed.2019.city"),
    "update case_rollup set self_krw = self_krw + 1 where agreed_year = 2024": ("committed.2024.self",),
    "update case_rollup set applied = applied + 1 where applied > 0": ("rounds.2024.applied",),
    "update municipality_rollup set applied = applied + 1": ("municipalities.rows.52130.applied",),
    "update visited_rollup set companies = companies + 1": ("mentors.companies_visited",),
    "update round_row set quota = '{\"JS1\": 99}'": ("rounds.2024.quota",),
    "update round_row set agreed_on = null": ("indicators.agreements.achieved_total",),
}


@pytest.mark.parametrize("wrong", WRONG_ROWS, ids=lambda wrong: wrong[7:60])
async def test_proof_of_a_figure_differs_where_its_projection_is_wrong(
    board: AsyncClient, databases: Databases, wrong: str
) -> None:
    """화면의 숫자가 틀리면 근거가 그것을 말한다: 근거는 화면의 값이 아니라 사건에서 나온다."""
    before = [await difference(board, path) for path in WRONG_ROWS[wrong]]

    async with databases["monitoring"].batch_transaction() as connection:
        await connection.execute(wrong)

    assert before == [0] * len(before)
    assert all([await difference(board, path) for path in WRONG_ROWS[wrong]])


async def test_proof_of_a_count_does_not_read_the_rows_of_cases(
    board: AsyncClient, databases: Databases
) -> None:
    paths = [
        "rounds.2024.applied",
        "rounds.2024.selected",
        "companies.2019-2021.completed",
        "committed.2024.self",
    ]

    async with databases["monitoring"].batch_transaction() as connection:
        await connection.execute("delete from case_row")

    assert [await difference(board, path) for path in paths] == [0, 0, 0, 0]


async def difference(board: AsyncClient, path: str) -> int:
    response = await board.get(f"/api/figures/{PROGRAMME}/{path}?{AS_OF}")
    assert response.status_code == 200, response.text
    return int(response.json()["difference"])


async def test_every_figure_of_the_api_is_the_sum_of_its_events(board: AsyncClient) -> None:
    figures = (await board.get(f"/api/figures/{PROGRAMME}?{AS_OF}")).json()
    paths = [path for path in leaves(figures) if not path.startswith("kpi.")]

    proofs = {path: (await board.get(f"/api/figures/{PROGRAMME}/{path}?{AS_OF}")).json() for path in paths}

    known = {path: proof for path, proof in proofs.items() if "value" in proof}
    assert len(known) > 100
    assert {path for path, proof in known.items() if proof["difference"]} == set()
    assert all(
        proof["title"]["ko"] and proof["title"]["en"] and proof["rule"]["ko"] for proof in known.values()
    )
    for proof in known.values():
        days = [each["occurred_on"] for each in proof["contributions"]]
        assert days == sorted(days)
    derived = proofs.keys() - known.keys()
    assert {path.rpartition(".")[2] for path in derived} == {"version", "percent"}


def leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the path of each number."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        elif isinstance(value, int) and not isinstance(value, bool):
            yield f"{prefix}{name}"


async def test_proof_of_a_reported_0_percent_shows_its_report(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path)
    await monitoring.fold([published(), progress(0, "2024-01-01")])

    proof = await monitoring.get(f"/api/figures/{PROGRAMME}/pledge.progress_percent?as_of=2024-02-04")

    assert (proof["value"], proof["events"], proof["difference"]) == (0, 1, 0)


async def test_lineage_page_shows_the_events_and_a_raw_event(board: AsyncClient) -> None:
    page = await read(board, f"/figures/{PROGRAMME}.invested_before_term.city?{AS_OF}")

    text = text_of(page)
    assert "past_spending.booked" in text
    assert "12,000,000" in text
    assert '<mark>"city": 12000000</mark>'.replace('"', "&#34;") in page
    assert "ieum.funding" in text


async def test_selected_event_is_shown_raw(board: AsyncClient) -> None:
    path = f"/figures/{PROGRAMME}.rounds.2024.applied"
    ids = re.findall(r"event=([0-9a-f-]{36})", await read(board, f"{path}?{AS_OF}"))

    page = await read(board, f"{path}?{AS_OF}&event={ids[2]}")

    assert len(set(ids)) == 5
    assert f'<td class="mono">{ids[2]}</td>' in page


@pytest.mark.parametrize(
    "key", ["nonsense", f"{PROGRAMME}.rounds.2024.percent", f"{PROGRAMME}.rounds.1999.selected"]
)
async def test_unknown_figure_gets_an_error_page(board: AsyncClient, key: str) -> None:
    response = await board.get(f"/figures/{key}")

    assert response.status_code == 404
    assert "없" in text_of(response.text)
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


async def test_case_page_shows_timeline_funding_and_signatories(board: AsyncClient) -> None:
    page = text_of(await read(board, f"{CASE}?{AS_OF}"))

    for content in ("기업 A", "124-**-***98", "20,000,000", "K-1", "J-1", "P-1", "착수계", "완료"):
        assert content in page
    assert "1248100998" not in page


async def test_case_page_of_a_past_day_shows_no_later_events(board: AsyncClient) -> None:
    page = text_of(await read(board, f"{CASE}?as_of=2024-08-05"))

    assert "금고가 거절" in page
    assert "지급 완료" not in page
    assert "완료점검 달성" not in page


async def test_cases_are_filtered_by_programme_status_track_and_name(board: AsyncClient) -> None:
    async def matching(query: str) -> set[str]:
        return set(re.findall(r"기업 ([A-Z])</b>", await read(board, f"/cases?{AS_OF}&{query}")))

    assert await matching(f"programme={PROGRAMME}") == {"A", "B", "C", "R", "S"}
    assert await matching("status=completed") == {"A"}
    assert await matching("status=abandoned") == {"C"}
    assert await matching("status=recorded&year=2020") == {"R"}
    assert await matching("track=JS2") == {"B"}
    assert await matching("q=기업 B") == {"B"}
    assert await matching("q=%25") == set()


async def test_page_number_beyond_the_last_shows_the_last_page(board: AsyncClient) -> None:
    page = text_of(await read(board, f"/cases?{AS_OF}&programme={PROGRAMME}&page=9"))

    assert "조건에 맞는 과제가 없습니다" not in page
    assert "기업 A" in page


async def test_filter_offers_every_year_of_a_past_result(board: AsyncClient) -> None:
    page = await read(board, f"/cases?{AS_OF}")

    assert re.findall(r"<option>(\d{4})</option>", page) == ["2024", "2021", "2020", "2019"]


@pytest.mark.parametrize(
    ("accept", "kind"), [("text/html", "text/html"), ("application/json", "application/problem+json")]
)
async def test_unknown_address_is_answered_in_the_accepted_format(
    board: AsyncClient, accept: str, kind: str
) -> None:
    response = await board.get("/no/such/page", headers={"Accept": accept})

    assert response.status_code == 404
    assert response.headers["content-type"].startswith(kind)


async def test_figure_of_a_municipality_is_titled_in_the_language_of_the_page(board: AsyncClient) -> None:
    page = await read(board, f"/figures/{PROGRAMME}.municipalities.rows.52130.applied?{AS_OF}&lang=en")

    assert re.search(r"<h1>[^<]*\w+, applied", page)
    assert not re.search(r"<h1>[^<]*[가-힣]", page)


async def test_overview_lists_pending_work_only_for_today(board: AsyncClient) -> None:
    past = text_of(await read(board, f"/?{AS_OF}"))
    today = text_of(await read(board, "/"))

    assert "기업 B" in today
    assert "기업 B" not in past


@pytest.mark.parametrize("on", ["2024-06-30", "2025-01-20"])
async def test_overview_row_is_the_same_with_and_without_details(
    databases: Databases, board: AsyncClient, on: str
) -> None:
    day, renderer = date.fromisoformat(on), Renderer()
    async with databases["monitoring"].snapshot() as transaction:
        brief = await figures.load_inputs(transaction, [PROGRAMME], day, in_detail=False)
        detailed = await figures.load_inputs(transaction, [PROGRAMME], day)

    pages = [
        renderer.overview(a_page(as_of=day), OverviewView((programme_view(inputs[PROGRAMME]),)))
        for inputs in (brief, detailed)
    ]

    assert pages[0] == pages[1]
    assert f'href="/figures/{PROGRAMME}.rounds.' in pages[0]


async def test_future_date_gets_an_error_page(board: AsyncClient) -> None:
    response = await board.get("/?as_of=2999-01-01")

    assert response.status_code == 409
    assert "오늘이나 그 전 날짜로" in text_of(response.text)


@pytest.mark.parametrize("query", ["as_of=yesterday", "unit=7", "lang=fr", "page=0", "status=lost"])
async def test_invalid_parameter_is_named_on_the_error_page(board: AsyncClient, query: str) -> None:
    response = await board.get(f"/cases?{query}")

    assert response.status_code == 422
    assert query.split("=", maxsplit=1)[0] in text_of(response.text)


async def test_request_without_a_token_gets_an_error_page_that_asks_for_one(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    closed = Monitoring(databases["monitoring"], settings, tmp_path)

    anonymous = await closed.client.get("/")
    officer = await closed.request("GET", "/")

    assert (anonymous.status_code, officer.status_code) == (401, 200)
    assert "로그인" in text_of(anonymous.text)


async def test_static_files_are_cached_for_a_year_and_missing_ones_are_not_found(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "board-ABC.css").write_text("b{}")
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path)
    monitoring.app.router.routes = [
        route for route in monitoring.app.router.routes if getattr(route, "name", "") != "static"
    ]
    mount_static_files(monitoring.app, tmp_path)
    client = AsyncClient(transport=ASGITransport(monitoring.app), base_url="http://127.0.0.1")

    file, missing = await client.get("/static/board-ABC.css"), await client.get("/static/none.css")

    assert file.headers["cache-control"] == CACHE_FOR_A_YEAR
    assert missing.status_code == 404


async def test_cached_page_is_renewed_after_new_events(board: AsyncClient, databases: Databases) -> None:
    before = await read(board, f"/programmes/{PROGRAMME}?{AS_OF}")
    again = await read(board, f"/programmes/{PROGRAMME}?{AS_OF}")

    await project_events(databases["monitoring"], decode_events([*STORY, applied("F")])[len(STORY) :])
    after = await read(board, f"/programmes/{PROGRAMME}?{AS_OF}")

    assert before == again
    assert after != before


async def test_cached_page_is_not_shared_between_viewers(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    monitoring = Monitoring(databases["monitoring"], settings, tmp_path)

    pages = [await monitoring.request("GET", "/", subject=name) for name in ("kim-01", "lee-02")]

    assert [name in page.text for page in pages for name in ("kim-01", "lee-02")] == [
        True,
        False,
        False,
        True,
    ]


async def test_open_page_is_notified_when_projections_change(databases: Databases) -> None:
    database = databases["monitoring"]
    changes = ChangeStream(database)
    events = changes.events()
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(1.5)

    async with database.batch_transaction() as connection:
        await connection.execute("insert into projection_offset values ('ieum.funding', 0, 41)")
        await connection.execute("select pg_notify(current_schema() || '.projected', '')")
    event = await asyncio.wait_for(waiting, 4)
    await events.aclose()

    assert (event.event, event.data) == ("changed", "41")
    assert changes.task is None


async def test_lineage_of_many_events_shows_the_first_and_their_total(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    many = [f"N{number}" for number in range(MAX_EVENTS + 5)]
    events = [published(), *(applied(name) for name in many), *(booked(name, 2019, PAST) for name in many)]
    await project_events(databases["monitoring"], decode_events(events), batch=200)
    board = Monitoring(databases["monitoring"], settings, tmp_path, board_operator="demo-operator").client

    for path in ("rounds.2024.applied", "invested_before_term.city", "executed.2019.city"):
        page = await read(board, f"/figures/{PROGRAMME}.{path}?{AS_OF}")

        assert f"{MAX_EVENTS + 5}" in text_of(page), path
        assert len(set(re.findall(r"event=([0-9a-f-]{36})", page))) == MAX_EVENTS, path
        assert "차이 0" in text_of(page), path  # of all events, also of those that are not listed
