"""The board's pages with 3,000,000 events folded: how long a reader waits for the overview and for a programme's page.

Programmes and business dates are mixed, so that no page is asked for twice in a row; every page's figures are checked
against what the made-up lives must come to.
"""

import random
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from tests import databases as real
from tests.bench import folded, lives, load
from tests.bench.board import TODAY, board
from tests.bench.expected import Expected
from tests.bench.figure import Figure, percentile
from tests.bench.load import Answer
from tests.bench.served import Served, answers_to, cpu_seconds
from tests.bench.servers import Servers

EVENTS = 3_000_000
REQUESTS = 200
WARM = 10  # for each reader: a process compiles its templates once, a connection prepares its statements
LIMIT = 100.0  # ms
CLIENTS = (1, 4)
FIRST = date(2022, 3, 1)
LINKED = re.compile(r'href="/figures/([^"?]+)\?*[^"]*">(?:<data[^>]*>)?([\d,]+)<')


@dataclass(frozen=True)
class Asked:
    """A page: its address, the programmes whose figures stand on it, as of when."""

    path: str
    on: date
    programmes: Sequence[str] = ()

    @property
    def address(self) -> str:
        return f"{self.path}?as_of={self.on}"


class Read(NamedTuple):
    """A page as it came."""

    asked: Asked
    answer: Answer


Asks = Callable[[random.Random], Asked]
PROGRAMMES = [name.decode() for name in lives.PROGRAMMES]


def any_day(chance: random.Random) -> date:
    """Every other page is today's."""
    days = (TODAY - FIRST).days
    return TODAY if chance.random() < 0.5 else FIRST + timedelta(chance.randint(0, days))


def overview(chance: random.Random) -> Asked:
    return Asked("/", any_day(chance), PROGRAMMES)


def programme(chance: random.Random) -> Asked:
    id = chance.choice(PROGRAMMES)
    return Asked(f"/programmes/{id}", any_day(chance), [id])


def cases(chance: random.Random) -> Asked:
    return Asked("/cases", any_day(chance))


def case(chance: random.Random) -> Asked:
    """One of the first round: later ones did not exist on an early day."""
    return Asked(f"/cases/{lives.uuid(0xCA, chance.randrange(lives.ROUND))}", TODAY)


def origin(chance: random.Random) -> Asked:
    return Asked(f"/figures/{chance.choice(PROGRAMMES)}.committed.{chance.randint(2022, 2025)}.all", TODAY)


PAGES: dict[str, tuple[Asks, str]] = {
    "overview": (overview, "<= 1"),
    "programme": (programme, "<= 1"),
    "cases": (cases, ""),
    "case": (case, ""),
    "origin of committed money": (origin, ""),
}


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    expected = Expected(await prepare(servers))
    async with board(servers) as process:
        for name, (asks, goal) in PAGES.items():
            for clients in CLIENTS:
                waited, cpu = await measure(process, asks, clients, expected)
                servers.say(
                    f"{name}, {clients}: p50 {percentile(waited, 50):.1f} ms, process {cpu:.1f} ms a page"
                )
                yield Figure(
                    f"page: {name}, {clients} at once, p95", percentile(waited, 95), LIMIT, "ms", goal
                )


async def prepare(servers: Servers) -> int:
    """All events folded, unless another benchmark has left them so; how many cases there are."""
    events = servers.sized(EVENTS)
    database, cases = servers.databases["monitoring"], events // lives.EACH
    async with database.asyncpg_transaction() as connection:
        known = int(await connection.fetchval("select count(*) from case_row"))
    if known < cases:
        await real.empty()
        await folded.fill(database, events, servers.say)
        await folded.stand_at(database, await servers.ends())
    await folded.fold_programmes(database)
    await folded.settle()
    return max(known, cases)


async def measure(at: Served, asks: Asks, clients: int, expected: Expected) -> tuple[list[float], float]:
    """How long each page took (ms), and how much time (ms) of its process a page took.

    Readers are a process of their own, which only reads; the pages are checked afterwards.
    """
    chance = random.Random(clients)
    await read_all(at, [asks(chance) for _ in range(WARM * clients)], clients)
    pages, spent = [asks(chance) for _ in range(REQUESTS)], cpu_seconds(at.pid)
    found = await read_all(at, pages, clients)
    cpu = (cpu_seconds(at.pid) - spent) * 1_000 / REQUESTS
    for one in found:
        check(one.answer, one.asked, expected)
    return [one.answer.waited * 1_000 for one in found], cpu


async def read_all(at: Served, pages: Sequence[Asked], clients: int) -> list[Read]:
    """By so many readers, each with the next page as soon as it has one."""
    answers = await answers_to(at, [load.get(one.address) for one in pages], clients)
    return [Read(*one) for one in zip(pages, answers.each, strict=True)]


def check(answer: Answer, asked: Asked, expected: Expected) -> None:
    """Every count of cases on the page is what the lives come to; there are some as soon as companies are selected."""
    page = answer.body.decode()
    assert answer.status == 200, (asked.address, page[:500])
    for programme in asked.programmes:
        wanted = expected.figures(programme, asked.on)
        shown = {key: int(text.replace(",", "")) for key, text in LINKED.findall(page) if key in wanted}
        is_begun = any(key.endswith(".selected") for key in wanted)
        assert shown or not is_begun, f"{asked.address}: no figure of {programme}"
        wrong = {key: (value, wanted[key]) for key, value in shown.items() if value != wanted[key]}
        assert not wrong, f"{asked.address}: shown and wanted: {wrong}"
