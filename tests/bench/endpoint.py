"""Applications over HTTP against their limit: the same statements on bare asyncpg behind the same web server."""

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
from tests.bench import bare_endpoint, load_generator, replay
from tests.bench.figure import SHORT_ROUNDS_FACTOR, Figure, measure_alternately, percentile
from tests.bench.server_processes import Cost, ServerProcess, measure_cost, process, service
from tests.bench.servers import Servers
from tests.flows.applications_api import ROUND, ApplicationsApi
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
STORED = """
    select count(*) from applications.case c
    join applications.event_log l on l.subject = c.id::text and l.type = 'kr.ieum.application.submitted.v1'
    join applications.outbox o using (position)
    join applications.idempotency_key k on k.key = c.company_id::text and k.status = 201
    where c.company_id = any($1::uuid[])
"""


class EndpointBenchmark:
    """One open round of the demo's programme in Jeonbuk, and companies that have not applied yet."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers, self.folder = servers, folder
        self.database = Database(real.app_url("applications"), "applications", 1)
        self.api = ApplicationsApi(self.database, servers.settings, folder)
        self.headers = self.api.bearer("officer", "bench-officer")
        self.companies = count(1)
        self.costs: dict[str, list[Cost]] = {}

    async def prepare(self) -> None:
        await real.delete_all_rows()
        self.definition = a_definition()
        async with self.api.client:
            await self.api.publish(self.definition)
            await self.api.open_round(quota={track.id: 1_000 for track in self.definition.tracks})
            self.endpoint = await self.capture()

    def body(self, company: str) -> dict[str, Any]:
        """The body of a company's application for the first track."""
        track = self.definition.tracks[0].id
        application = {"track": track, "total_krw": 60_000_000, "occurred_on": "2024-03-25"}
        return {"round_id": ROUND, "company_id": company} | application

    async def capture(self) -> bare_endpoint.Endpoint:
        """Capture the product's statements and response for the second of two applications."""
        captured: dict[str, str] = {}

        async def apply() -> None:
            [company] = await self.new_companies(1)
            headers = self.headers | {"Idempotency-Key": company}
            response = await self.api.client.post("/applications", json=self.body(company), headers=headers)
            assert response.status_code == 201, response.text
            captured.update({"company": company, "body": response.text} | response.json())

        statements = await replay.capture(self.database, apply)
        values = {"company": captured["company"], "number": captured["receipt_number"]}
        patterns = replay.patterns([*statements, replay.Statement("", (captured["body"].encode(),))], values)
        response = patterns.pop().parameters[0]
        self.servers.progress(f"{len(patterns)} statements an application")
        pool = self.servers.settings.database_pool
        database, digits = self.database, len(captured["receipt_number"])
        return bare_endpoint.Endpoint(
            database.dsn, database.server_settings, pool, patterns, response, digits
        )

    async def new_companies(self, number: int) -> list[str]:
        first = next(self.companies)
        self.companies = count(first + number)
        admin = await real.admin()
        try:
            await admin.execute(COMPANIES, first, first + number - 1, self.definition.municipalities[0])
        finally:
            await admin.close()
        return [f"01900000-0000-7000-8000-{company:012}" for company in range(first, first + number)]

    async def send(self, server: ServerProcess, companies: Sequence[str]) -> Cost:
        """Send an application of each company, and check that each is stored with its event and idempotency key."""
        requests = [
            load_generator.request(
                "/applications", self.headers | {"Idempotency-Key": company}, orjson.dumps(self.body(company))
            )
            for company in companies
        ]
        cost = await measure_cost(server, requests, CONNECTIONS, expected=201)
        admin = await real.admin()
        try:
            assert await admin.fetchval(STORED, companies) == len(companies)
        finally:
            await admin.close()
        return cost

    async def run(self, name: str, server: ServerProcess) -> float:
        if name not in self.costs:
            await self.send(server, await self.new_companies(self.servers.sized(WARM_UP)))
        cost = await self.send(server, await self.new_companies(self.servers.sized(REQUESTS)))
        self.costs.setdefault(name, []).append(cost)
        return cost.per_second


def a_definition() -> Definition:
    """The newest definition of the demo's smart factory programme, which takes applications by track."""
    files = definitions.load_all()
    newest = [file.content for file in files if "jeonbuk-smart-factory" in file.file][-1]
    assert isinstance(newest, Definition)
    return newest


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="ieum-bench-") as folder:
        benchmark = EndpointBenchmark(servers, Path(folder))
        try:
            await benchmark.prepare()
            jwks = jwks_file(benchmark.api.issuer)
            async with (
                service("applications", jwks, Path(folder)) as product,
                process(bare_endpoint.serve, benchmark.endpoint) as bare,
            ):
                contestants = {
                    "bare": partial(benchmark.run, "bare", bare),
                    "product": partial(benchmark.run, "product", product),
                }
                rounds *= SHORT_ROUNDS_FACTOR
                measured = await measure_alternately(contestants, rounds, servers.progress)
        finally:
            await benchmark.database.close()
            await real.delete_all_rows()
    pair = measured.median_pair("product", "bare")
    yield Figure("application endpoint / bare asyncpg", *pair, "requests/s", ">= 0.4")
    for figure in details("application endpoint", benchmark.costs):
        yield figure


def details(name: str, costs: dict[str, list[Cost]]) -> list[Figure]:
    """Return figures besides the rate: latencies of all rounds, and the server's CPU time of a request."""
    seconds = {key: [second for cost in costs[key] for second in cost.latencies] for key in costs}
    ms = {key: {f"p{at}": 1_000 * percentile(seconds[key], at) for at in (50, 99)} for key in costs}
    cpu = {key: 1_000 * min(cost.cpu for cost in costs[key]) for key in costs}
    figures = [Figure(f"{name}, {at}", ms["product"][at], ms["bare"][at], "ms") for at in ("p50", "p99")]
    return [
        *figures,
        Figure(f"{name}, CPU of the server's process a request", cpu["product"], cpu["bare"], "ms"),
    ]
