"""The board in a real browser, over HTTP: its events come through Kafka, its pages from Postgres."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
import uvicorn
from playwright.async_api import Browser, expect

from services.monitoring.main import SERVICE
from services.monitoring.settings import MonitoringSettings
from shared.config import Settings
from shared.events import Event
from tests import databases as real
from tests.builders import kafka_record
from tests.conftest import empty_topics
from tests.databases import Databases
from tests.e2e.browser import Visitor, chromium, visitor
from tests.system import KafkaSystem
from tests.unit.monitoring_builders import (
    PROGRAMME,
    a_case,
    agreed,
    an_id,
    applied,
    committed,
    opened,
    progress,
    published,
    registered,
    round_agreed,
    scheduled,
    selected,
    visited,
)
from tools import assets
from tools.devstack.ports import free_ports

pytestmark = [pytest.mark.connected, pytest.mark.browser]

PLAN = [
    {"period": year, "funder": funder, "amount_krw": amount}
    for year in ("2023", "2024", "2025")
    for funder, amount in (("national", 50), ("province", 10), ("city", 20), ("self", 20))
]
STORY: list[Event] = [
    published(planned_companies=[{"count": 300}, {"year": 2024, "newly": True, "count": 8}], plan=PLAN),
    opened(),
    round_agreed(2024, "2024-02-01"),
    *a_case("A"),
    *(event for name in "BCDEFGHIJ" for event in (registered(name), applied(name), selected(name))),
    *(event for name in "BCDEFGHIJ" for event in (agreed(name), scheduled(name, "2025-02-01"))),
    visited("B"),
    committed("B"),
    progress(30, "2024-06-30"),
]
PROGRAMME_PAGE, CASE_PAGE = f"/programmes/{PROGRAMME}", f"/cases/{an_id('case A')}"
FIGURE_PAGE = f"/figures/{PROGRAMME}.rounds.2024.selected"
PAGES = ["/", "/programmes", PROGRAMME_PAGE, "/cases", CASE_PAGE, FIGURE_PAGE]


@dataclass
class Board:
    """A monitoring service: its projector on the real Kafka, its pages on a port of its own."""

    system: KafkaSystem
    address: str

    def __post_init__(self) -> None:
        self.sequences: defaultdict[tuple[str, str], int] = defaultdict(int)

    async def publish(self, events: Sequence[Event]) -> None:
        """Send events to Kafka and wait until they are projected."""
        for event in events:
            self.sequences[event.source, event.subject] += 1
            await self.system.send(**kafka_record(event, self.sequences[event.source, event.subject]))
        await self.system.run_until_quiescent()


@asynccontextmanager
async def serving(databases: Databases, settings: Settings) -> AsyncIterator[str]:
    """Serve the service's app by uvicorn on a free port; yield its address."""
    app = SERVICE.app(databases[SERVICE.name], settings, [], serves_api=True)
    [port] = free_ports(1)
    server = uvicorn.Server(
        uvicorn.Config(app, "127.0.0.1", port, log_config=None, timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the board does not start"
        await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest.fixture(scope="module")
async def board(migrated: Databases, connected: Settings) -> AsyncIterator[Board]:
    """The story projected, the board open to this machine as the demo opens it."""
    if not assets.build(assets.SOURCES, assets.STATIC, print, assets.service_sheets()):
        pytest.skip("the npm registry is out of reach: the board was built without its scripts")
    await real.delete_all_rows()
    await empty_topics(connected.kafka_bootstrap)
    without_handlers = replace(SERVICE, handlers={})
    async with KafkaSystem([without_handlers], migrated, connected) as system:
        await system.start()
        settings = MonitoringSettings(**connected.model_dump() | {"board_operator": "demo-operator"})
        async with serving(migrated, settings) as address:
            board = Board(system, address)
            await board.publish(STORY)
            yield board


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def officer(board: Board, browser: Browser) -> AsyncIterator[Visitor]:
    """A visitor with a desktop window; after the test the browser must have reported no errors."""
    async with visitor(browser, board.address) as officer:
        yield officer
        assert officer.errors == []


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_page_opens_without_browser_errors(officer: Visitor, path: str, lang: str) -> None:
    """Neither from scripts, nor from the content security policy, nor from missing files."""
    response = await officer.page.goto(f"{path}?lang={lang}", wait_until="load")

    assert response is not None
    assert response.status == 200
    await expect(officer.page.locator("#live")).to_have_attribute("data-state", "on")
    assert (
        await officer.page.evaluate("document.fonts.ready.then(() => getComputedStyle(document.body).margin)")
        == "0px"
    )


async def test_violation_of_the_content_security_policy_is_reported(board: Board, browser: Browser) -> None:
    """Proof that the tests above can fail."""
    async with visitor(browser, board.address) as officer:
        await officer.page.goto("/")
        await officer.page.evaluate("document.body.setAttribute('style', 'color: red')")
        await officer.page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')"
        )

        assert any("Content Security Policy" in text for text in officer.errors)


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_no_page_scrolls_sideways_on_a_phone(
    board: Board, browser: Browser, path: str, lang: str
) -> None:
    async with visitor(browser, board.address, viewport={"width": 390, "height": 844}) as phone:
        await phone.page.goto(f"{path}?lang={lang}&unit=1")

        assert await phone.page.evaluate("document.documentElement.scrollWidth") == 390


async def test_keyboard_can_skip_to_the_content_and_its_focus_is_visible(officer: Visitor) -> None:
    await officer.page.goto(PROGRAMME_PAGE)

    await officer.page.keyboard.press("Tab")
    assert await officer.focused("e.className") == "skip"
    assert await officer.focused("e.getBoundingClientRect().top >= 0")
    await officer.page.keyboard.press("Enter")
    assert await officer.focused("e.id") == "main"
    for _ in range(12):
        await officer.page.keyboard.press("Tab")
        has_outline = "getComputedStyle(e).outlineStyle === 'solid' && parseFloat(getComputedStyle(e).outlineWidth) >= 2"
        assert await officer.focused(has_outline), await officer.focused("e.outerHTML")


async def test_page_shows_the_date_of_its_address_and_the_arrow_goes_a_day_back(officer: Visitor) -> None:
    await officer.page.goto(f"{PROGRAMME_PAGE}?as_of=2024-06-30")
    await expect(officer.page.locator("#pledge")).to_contain_text("30 %")
    await expect(officer.page.locator("#live")).to_contain_text("갱신을 멈췄습니다")

    await officer.page.get_by_role("link", name="하루 전").click()

    await expect(officer.page).to_have_url(re.compile(r"as_of=2024-06-29"))
    await expect(officer.page.locator("#as-of")).to_have_value("2024-06-29")
    await expect(officer.page.locator("#pledge")).not_to_contain_text("30 %")


async def test_typed_date_opens_that_day(officer: Visitor) -> None:
    await officer.page.goto("/")

    await officer.page.locator("#as-of").fill("2024-06-30")
    await officer.page.locator("#as-of").press("Enter")

    await expect(officer.page).to_have_url(re.compile(r"/\?as_of=2024-06-30"))


async def test_unit_is_switched_in_place_and_in_the_address(officer: Visitor) -> None:
    await officer.page.goto(f"{PROGRAMME_PAGE}?unit=1000")

    await officer.page.locator(".seg").get_by_role("link", name="원", exact=True).click()

    await expect(officer.page).to_have_url(re.compile(r"unit=1$"))
    await expect(officer.page.locator("#money tr.total td.sum").nth(1)).to_have_text("300")


async def test_language_stays_switched_on_following_pages(officer: Visitor) -> None:
    await officer.page.goto(PROGRAMME_PAGE)

    await officer.page.get_by_role("link", name="English").click()

    await expect(officer.page.locator("html")).to_have_attribute("lang", "en")
    await expect(officer.page.locator("h1")).to_have_text("Test factories")
    await officer.page.get_by_role("link", name="Overview").first.click()
    await expect(officer.page.locator("h1")).to_have_text("Overview")


async def test_page_is_readable_and_its_date_can_be_changed_without_javascript(
    board: Board, browser: Browser
) -> None:
    async with visitor(browser, board.address, java_script_enabled=False) as reader:
        await reader.page.goto(PROGRAMME_PAGE)

        await expect(reader.page.locator("#money tbody tr")).to_have_count(5)
        await expect(reader.page.locator("#money svg[role=img]")).to_be_visible()
        await expect(reader.page.locator("[data-print], [data-view], [data-pause]")).to_have_count(3)
        for button in await reader.page.locator("[data-print], [data-view], [data-pause]").all():
            await expect(button).to_be_hidden()
        await reader.page.locator("#as-of").fill("2024-06-30")
        await reader.page.get_by_role("button", name="보기").click()
        await expect(reader.page).to_have_url(re.compile(r"as_of=2024-06-30"))
        assert reader.errors == []


async def test_open_page_shows_new_events_until_it_is_paused(board: Board, officer: Visitor) -> None:
    """Through Kafka and the projector, without a reload; the keyboard's focus stays where it was."""
    await officer.page.goto(PROGRAMME_PAGE)
    await expect(officer.page.locator("#live")).to_have_attribute("data-state", "on")
    await officer.page.evaluate("window.same = true")
    await officer.page.locator("#tracks .fig").first.focus()
    focused = await officer.focused("e.href")

    await board.publish([progress(45, "2024-12-30")])
    await expect(officer.page.locator("#pledge")).to_contain_text("45 %")
    assert await officer.focused("e.href") == focused

    await officer.page.get_by_role("button", name="멈춤").click()
    await expect(officer.page.locator("#live")).to_contain_text("갱신 멈춤")
    await board.publish([progress(60, "2025-06-30")])
    await asyncio.sleep(3)
    await expect(officer.page.locator("#pledge")).to_contain_text("45 %")

    await officer.page.get_by_role("button", name="다시 받기").click()
    await expect(officer.page.locator("#pledge")).to_contain_text("60 %")
    assert await officer.page.evaluate("window.same")


async def test_unfolded_details_stay_open_after_a_live_update(board: Board, officer: Visitor) -> None:
    await officer.page.goto("/")
    await officer.page.locator("#more-work summary").click()
    rows = officer.page.locator(".todo.more tbody tr")
    await expect(rows).to_have_count(2)

    late = "2025-06-15"  # after the days that other tests use
    joined = [registered("Z"), applied("Z", day=late), selected("Z", day=late), agreed("Z", day=late)]
    await board.publish([*joined, scheduled("Z", "2025-07-01", day=late)])

    await expect(rows).to_have_count(3)
    await expect(rows.first).to_be_visible()


async def test_figure_opens_its_lineage_and_a_raw_event(officer: Visitor) -> None:
    await officer.page.goto(f"{PROGRAMME_PAGE}?as_of=2025-01-01")

    await officer.page.locator("#funnel .fig").nth(1).click()

    await expect(officer.page.locator("h1")).to_contain_text("10곳")
    await expect(officer.page.locator(".equation")).to_contain_text("차이 0")
    await officer.page.locator("section[aria-labelledby=l-events] tbody a").nth(2).click()
    await expect(officer.page.locator("pre")).to_contain_text('"score": "250/3"')
    await expect(officer.page.locator("tr[aria-current]")).to_have_count(1)
