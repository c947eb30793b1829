"""An application over HTTP against its limit: the same statements on bare asyncpg behind the same web server."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from shared.database.engine import Database
from shared.events.definition import Definition
from tests import databases as real
from tests.bench import bare, load, replay
from tests.bench.figure import SHORT_TURNS, Figure, alternating, percentile
from tests.bench.served import Cost, Served, measured, process, service
from tests.bench.servers import Servers
from tests.flows.applications_api import ROUND, Applications
from tools.demo import definitions
from tools.devstack.tokens import jwks_file

REQUESTS, WARM_UP = 1_000, 200
CONNECTIONS = 16
COMPANIES = """
    insert into applications.company (id, business_number, name_ko, municipality, industry, state)
    select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, lpad(n::text, 10, '0'), '기업 B-' || n,
           $3, '', 'open'
    from generate_series($1::int, $2::int) n
"""
KEPT = """
    select count(*) from applications.case c
    join applications.event_log l on l.subject = c.id::text and l.type = 'kr.ieum.application.submitted.v1'
    join applications.outbox o using (position)
    join applications.idempotency_key k on k.key = c.company_id::text and k.status = 201
    where c.company_id = any($1::uuid[])
"""


class Bench:
    """One open round of the demo's programme in Jeonbuk, and companies that have not applied yet."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers, self.folder = servers, folder
        self.database = Database(real.app_url("applications"), "applications", 1)
        self.api = Applications(self.database, servers.settings, folder)
        self.headers = self.api.bearer("officer", "bench-officer")
        self.companies = count(1)
        self.costs: dict[str, list[Cost]] = {}

    async def prepare(self) -> None:
        await real.empty()
        self.terms = a_definition()
        async with self.api.client:
            await self.api.published(self.terms)
            await self.api.opened(quota={track.id: 1_000 for track in self.terms.tracks})
            self.endpoint = await self.captured()

    def body(self, company: str) -> dict[str, Any]:
        """An application of the first track."""
        said = {"track": self.terms.tracks[0].id, "total_krw": 60_000_000, "occurred_on": "2024-03-25"}
        return {"round_id": ROUND, "company_id": company} | said

    async def captured(self) -> bare.Endpoint:
        """What the product executes for the second of two applications, and says."""
        said: dict[str, str] = {}

        async def apply() -> None:
            [company] = await self.new_companies(1)
            headers = self.headers | {"Idempotency-Key": company}
            answer = await self.api.client.post("/applications", json=self.body(company), headers=headers)
            assert answer.status_code == 201, answer.text
            said.update({"company": company, "body": answer.text} | answer.json())

        statements = await replay.capture(self.database, apply)
        known = {"company": said["company"], "number": said["receipt_number"]}
        patterns = replay.patterns([*statements, replay.Statement("", (said["body"].encode(),))], known)
        answer = patterns.pop().parameters[0]
        self.servers.say(f"{len(patterns)} statements an application")
        pool = self.servers.settings.database_pool
        database = self.database
        return bare.Endpoint(
            database.dsn, database.server_settings, pool, patterns, answer, len(said["receipt_number"])
        )

    async def new_companies(self, many: int) -> list[str]:
        first = next(self.companies)
        self.companies = count(first + many)
        admin = await real.admin()
        try:
            await admin.execute(COMPANIES, first, first + many - 1, self.terms.municipalities[0])
        finally:
            await admin.close()
        return [f"01900000-0000-7000-8000-{number:012}" for number in range(first, first + many)]

    async def send(self, at: Served, companies: Sequence[str]) -> Cost:
        """An application of each; each is in the database afterwards, with its event and its key."""
        requests = [
            load.request(
                "/applications", self.headers | {"Idempotency-Key": one}, orjson.dumps(self.body(one))
            )
            for one in companies
        ]
        cost = await measured(at, requests, CONNECTIONS, expected=201)
        admin = await real.admin()
        try:
            assert await admin.fetchval(KEPT, companies) == len(companies)
        finally:
            await admin.close()
        return cost

    async def run(self, name: str, at: Served) -> float:
        if name not in self.costs:
            await self.send(at, await self.new_companies(self.servers.sized(WARM_UP)))
        cost = await self.send(at, await self.new_companies(self.servers.sized(REQUESTS)))
        self.costs.setdefault(name, []).append(cost)
        return cost.a_second


def a_definition() -> Definition:
    """The demo's newest version of the programme, open for applications by track."""
    newest = [one.content for one in definitions.load_all() if "jeonbuk-smart-factory" in one.file][-1]
    assert isinstance(newest, Definition)
    return newest


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="ieum-bench-") as folder:
        bench = Bench(servers, Path(folder))
        try:
            await bench.prepare()
            jwks = jwks_file(bench.api.issuer)
            async with (
                service("applications", jwks, Path(folder)) as ours,
                process(bare.serve, bench.endpoint) as limit,
            ):
                contestants = {
                    "bare": partial(bench.run, "bare", limit),
                    "ours": partial(bench.run, "ours", ours),
                }
                found = await alternating(contestants, SHORT_TURNS * rounds, servers.say)
        finally:
            await bench.database.close()
            await real.empty()
    yield Figure("application endpoint / bare asyncpg", *found.pair("ours", "bare"), "requests/s", ">= 0.4")
    for figure in details("application endpoint", bench.costs):
        yield figure


def details(name: str, costs: dict[str, list[Cost]]) -> list[Figure]:
    """Beside the rate: latencies of all rounds, and what a request cost the server's process."""
    each = {one: [second for cost in costs[one] for second in cost.each] for one in costs}
    ms = {one: {f"p{at}": 1_000 * percentile(each[one], at) for at in (50, 99)} for one in costs}
    cpu = {one: 1_000 * min(cost.cpu for cost in costs[one]) for one in costs}
    figures = [Figure(f"{name}, {at}", ms["ours"][at], ms["bare"][at], "ms") for at in ("p50", "p99")]
    return [
        *figures,
        Figure(f"{name}, CPU of the server's process a request", cpu["ours"], cpu["bare"], "ms"),
    ]
