"""Response times of the board's pages with 3,000,000 events folded.

Programmes and business dates are mixed, so that no page is requested twice in a row; the figures of every page are
checked against the expected ones.
"""

import random
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from tests import databases as real
from tests.bench import direct_folding, event_generator, load_generator
from tests.bench.board_process import TODAY, board
from tests.bench.expected_figures import Expected
from tests.bench.figure import Figure, percentile
from tests.bench.load_generator import Response
from tests.bench.server_processes import ServerProcess, cpu_seconds, send_all
from tests.bench.servers import Servers

EVENTS = 3_000_000
REQUESTS = 200
WARM_UP = 10  # for each reader: a process compiles its templates once, a connection prepares its statements
LIMIT = 100.0  # ms
CLIENTS = (1, 4)
FIRST = date(2022, 3, 1)
FIGURE_LINK = re.compile(r'href="/figures/([^"?]+)\?*[^"]*">(?:<data[^>]*>)?([\d,]+)<')


@dataclass(frozen=True)
class PageRequest:
    """A page to request: its path, its business date, and the programmes whose figures it shows."""

    path: str
    on: date
    programmes: Sequence[str] = ()

    @property
    def address(self) -> str:
        return f"{self.path}?as_of={self.on}"


class PageResponse(NamedTuple):
    """A page's request with its response."""

    request: PageRequest
    response: Response


RequestFactory = Callable[[random.Random], PageRequest]
PROGRAMMES = [name.decode() for name in event_generator.PROGRAMMES]


def any_day(chance: random.Random) -> date:
    """Return today for half of the pages, a random earlier day for the others."""
    days = (TODAY - FIRST).days
    return TODAY if chance.random() < 0.5 else FIRST + timedelta(chance.randint(0, days))


def overview(chance: random.Random) -> PageRequest:
    return PageRequest("/", any_day(chance), PROGRAMMES)


def programme(chance: random.Random) -> PageRequest:
    id = chance.choice(PROGRAMMES)
    return PageRequest(f"/programmes/{id}", any_day(chance), [id])


def cases(chance: random.Random) -> PageRequest:
    return PageRequest("/cases", any_day(chance))


def case(chance: random.Random) -> PageRequest:
    """Request a case of the first round, which exists on every day."""
    return PageRequest(
        f"/cases/{event_generator.uuid(0xCA, chance.randrange(event_generator.CASES_PER_ROUND))}", TODAY
    )


def lineage(chance: random.Random) -> PageRequest:
    return PageRequest(
        f"/figures/{chance.choice(PROGRAMMES)}.committed.{chance.randint(2022, 2025)}.all", TODAY
    )


PAGES: dict[str, tuple[RequestFactory, str]] = {
    "overview": (overview, "<= 1"),
    "programme": (programme, "<= 1"),
    "cases": (cases, ""),
    "case": (case, ""),
    "origin of committed money": (lineage, ""),
}


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    expected = Expected(await prepare(servers))
    async with board(servers) as process:
        for name, (request, goal) in PAGES.items():
            for clients in CLIENTS:
                ms, cpu = await measure(process, request, clients, expected)
                servers.progress(
                    f"{name}, {clients}: p50 {percentile(ms, 50):.1f} ms, process {cpu:.1f} ms a page"
                )
                yield Figure(f"page: {name}, {clients} at once, p95", percentile(ms, 95), LIMIT, "ms", goal)


async def prepare(servers: Servers) -> int:
    """Fold all events, unless another benchmark has done so already; return the number of cases."""
    events = servers.sized(EVENTS)
    database, cases = servers.databases["monitoring"], events // event_generator.EVENTS_PER_CASE
    async with database.batch_transaction() as connection:
        existing = int(await connection.fetchval("select count(*) from case_row"))
    if existing < cases:
        await real.delete_all_rows()
        await direct_folding.fill(database, events, servers.progress)
        await direct_folding.save_offsets(database, await servers.end_offsets())
    await direct_folding.fold_programmes(database)
    await direct_folding.vacuum()
    return max(existing, cases)


async def measure(
    server: ServerProcess, request: RequestFactory, clients: int, expected: Expected
) -> tuple[list[float], float]:
    """Return the response time of each page (ms), and the server's CPU time of a page (ms).

    Clients run in a process of their own, which only reads; the pages are checked afterwards.
    """
    randomness = random.Random(clients)
    await read_all(server, [request(randomness) for _ in range(WARM_UP * clients)], clients)
    requests, before = [request(randomness) for _ in range(REQUESTS)], cpu_seconds(server.pid)
    pages = await read_all(server, requests, clients)
    cpu = (cpu_seconds(server.pid) - before) * 1_000 / REQUESTS
    for page in pages:
        check(page.response, page.request, expected)
    return [page.response.seconds * 1_000 for page in pages], cpu


async def read_all(
    server: ServerProcess, requests: Sequence[PageRequest], clients: int
) -> list[PageResponse]:
    """Request all pages, each client its next one as soon as it has a response."""
    encoded = [load_generator.get(request.address) for request in requests]
    responses = await send_all(server, encoded, clients)
    return [PageResponse(*pair) for pair in zip(requests, responses.each, strict=True)]


def check(response: Response, request: PageRequest, expected: Expected) -> None:
    """Check that every figure on the page has its expected value, and that there are figures if any is expected."""
    page = response.body.decode()
    assert response.status == 200, (request.address, page[:500])
    for programme in request.programmes:
        values = expected.figures(programme, request.on)
        shown = {key: int(text.replace(",", "")) for key, text in FIGURE_LINK.findall(page) if key in values}
        has_selections = any(key.endswith(".selected") for key in values)
        assert shown or not has_selections, f"{request.address}: no figure of {programme}"
        wrong = {key: (value, values[key]) for key, value in shown.items() if value != values[key]}
        assert not wrong, f"{request.address}: shown and expected: {wrong}"
