"""Approvals of tranches over HTTP against their limit: the same statements in pgbench, on the same hot budget rows."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from shared.database.engine import Database
from tests import databases as real
from tests.bench import load_generator, pgbench, replay
from tests.bench.figure import SHORT_ROUNDS_FACTOR, Figure, measure_alternately, percentile
from tests.bench.pgbench import ClientLoad
from tests.bench.server_processes import Cost, ServerProcess, measure_cost, service
from tests.bench.servers import Servers
from tests.flows.funding_api import PAID_ON, Funding
from tests.unit.funding_builders import a_publication
from tools.devstack.tokens import jwks_file

APPROVALS = {1: 400, 10: 1_000}
"""Approvals in a measurement, by number of clients."""

WARM_UP = 200
TEMPLATE_KRW = 500_000_000_000_000
BODY = f'{{"occurred_on": "{PAID_ON}"}}'.encode()
ID = "'01900000-0000-7000-8000-' || lpad({}::text, 12, '0')"
CASES = f"""
    with new as (select ({ID.format("n")})::uuid as id from generate_series($2::int, $3::int) n),
    bound as (
        insert into funding.commitment (case_id, programme_id, company_id, municipality_account, self_funding_year,
                                        signed_on, total_krw, public_krw, self_krw, self_confirmed_on)
        select id, programme_id, company_id, municipality_account, self_funding_year, signed_on,
               50000000, 40000000, 10000000, self_confirmed_on
        from funding.commitment, new where case_id = $1
    ),
    numbered as (insert into funding.stream (subject, last) select id::text, 6 from new)
    insert into funding.tranche (case_id, number, programme_id, milestone, due_on, fiscal_year, amounts_krw,
                                 total_krw, status, achieved_on, status_changed_on, requested_by)
    select id, number, programme_id, milestone, due_on, fiscal_year,
           '{{"province": 10000000, "city": 10000000}}', 20000000, status, achieved_on, status_changed_on, requested_by
    from funding.tranche, new where case_id = $1
"""
STORED = """
    select count(*) from funding.tranche t
    join funding.event_log l on l.subject = t.case_id::text and l.type = 'kr.ieum.tranche.approved.v1'
    join funding.outbox o using (position)
    join funding.idempotency_key k on k.key = t.case_id::text and k.status = 200
    where t.case_id = any($1::uuid[]) and t.number = 1 and t.status = 'approved'
      and (select count(*) = 4 and sum(amount_krw) = 0 and sum(abs(amount_krw)) = 40000000
           from funding.posting p where p.case_id = t.case_id and reason = 'tranche.approved')
"""


class ApprovalBenchmark:
    """One programme's budget, and cases whose first tranche the officer has requested."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers, self.folder, self.file = servers, folder, folder / "approval.sql"
        self.database = Database(real.app_url("funding"), "funding", 1)
        self.funding = Funding({"funding": self.database}, servers.settings, folder)
        self.headers = self.funding.api.bearer("approver", "bench-approver")
        self.cases = 0
        self.costs: dict[str, list[Cost]] = {}

    async def prepare(self) -> None:
        """Create the template of all cases through the product, and write pgbench's script."""
        await real.delete_all_rows()
        async with self.funding:
            await self.funding.start()
            await self.funding.deliver(a_publication())
            await self.funding.allocate(TEMPLATE_KRW)
            signed = await self.funding.ready_case(total_krw=TEMPLATE_KRW)
            requested = await self.funding.post(
                self.path(str(signed.case_id), "request"), "officer:bench-officer"
            )
            assert requested.status_code == 200, requested.text
            self.template = signed.case_id
            self.file.write_text(pgbench.script(await self.capture(), self.sql_of_values()), encoding="utf-8")

    def path(self, case_id: str, step: str = "approval") -> str:
        return f"/cases/{case_id}/tranches/1/{step}"

    async def capture(self) -> list[replay.Pattern]:
        """Capture the product's statements for the second of two approvals."""
        cases = await self.new_cases(2)
        remaining = iter(cases)

        async def approve() -> None:
            case = next(remaining)
            headers = self.headers | {"Idempotency-Key": case, "Content-Type": "application/json"}
            response = await self.funding.api.client.post(self.path(case), content=BODY, headers=headers)
            assert response.status_code == 200, response.text

        statements = await replay.capture(self.database, approve)
        self.servers.progress(f"{len(statements)} statements an approval")
        return replay.patterns(statements, {"case": cases[1]})

    def sql_of_values(self) -> dict[str, str]:
        """Return the SQL of a transaction's values: its case and its fresh ids, in terms of `:n`."""
        case = ID.format(":n::int")
        return {"case": case} | {f"fresh-{k}": case.replace("7000", f"700{k}") for k in range(1, 10)}

    async def new_cases(self, count: int) -> list[str]:
        first, self.cases = self.cases + 1, self.cases + count
        admin = await real.admin()
        try:
            await admin.execute(CASES, self.template, first, self.cases)
        finally:
            await admin.close()
        return [f"01900000-0000-7000-8000-{number:012}" for number in range(first, self.cases + 1)]

    def transactions_per_client(self, clients: int) -> int:
        """Return the number of approvals of each client."""
        return max(1, self.servers.sized(APPROVALS[clients]) // clients)

    async def send(self, server: ServerProcess, clients: int, cases: Sequence[str]) -> Cost:
        requests = [
            load_generator.request(self.path(case), self.headers | {"Idempotency-Key": case}, BODY)
            for case in cases
        ]
        return await measure_cost(server, requests, clients, expected=200)

    async def check(self, cases: Sequence[str]) -> None:
        """Check that each case is approved once, with its postings, outbox row and idempotency key."""
        admin = await real.admin()
        try:
            assert await admin.fetchval(STORED, cases) == len(cases)
        finally:
            await admin.close()

    async def run_product(self, server: ServerProcess, clients: int) -> float:
        cases = await self.new_cases(self.transactions_per_client(clients) * clients)
        cost = await self.send(server, clients, cases)
        await self.check(cases)
        self.costs.setdefault(f"{clients}", []).append(cost)
        return cost.per_second

    async def run_pgbench(self, clients: int) -> float:
        first, cases = self.cases + 1, await self.new_cases(self.transactions_per_client(clients) * clients)
        load = ClientLoad(clients, self.transactions_per_client(clients), first)
        rate = await pgbench.run(real.app_url("funding"), "funding", self.file, load)
        await self.check(cases)
        return rate


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ieum-bench-")))
        benchmark = ApprovalBenchmark(servers, folder)
        stack.push_async_callback(benchmark.database.close)
        stack.push_async_callback(real.delete_all_rows)
        await benchmark.prepare()
        jwks = jwks_file(benchmark.funding.api.issuer)
        server = await stack.enter_async_context(service("funding", jwks, folder))
        await benchmark.send(server, max(APPROVALS), await benchmark.new_cases(WARM_UP))
        contestants: dict[str, Any] = {}
        for clients in APPROVALS:
            contestants[f"pgbench {clients}"] = partial(benchmark.run_pgbench, clients)
            contestants[f"product {clients}"] = partial(benchmark.run_product, server, clients)
        measured = await measure_alternately(contestants, SHORT_ROUNDS_FACTOR * rounds, servers.progress)
    for clients in APPROVALS:
        name = f"tranche approval / pgbench, {clients} client{'s' * (clients > 1)}"
        pair = measured.median_pair(f"product {clients}", f"pgbench {clients}")
        yield Figure(name, *pair, "approvals/s", ">= 0.4")
    for clients in APPROVALS:
        ms = [1_000 * second for cost in benchmark.costs[f"{clients}"] for second in cost.latencies]
        yield Figure(f"tranche approval, p99 / p50, {clients}", percentile(ms, 99), percentile(ms, 50), "ms")
