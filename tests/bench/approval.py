"""The approval of a tranche over HTTP against its limit: the same statements in pgbench, on the same hot budget rows."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from shared.database.engine import Database
from tests import databases as real
from tests.bench import load, pgbench, replay
from tests.bench.figure import SHORT_TURNS, Figure, alternating, percentile
from tests.bench.pgbench import Clients
from tests.bench.served import Cost, Served, measured, service
from tests.bench.servers import Servers
from tests.flows.funding_api import PAID_ON, Funding
from tests.unit.funding_builders import a_publication
from tools.devstack.tokens import jwks_file

APPROVALS = {1: 400, 10: 1_000}
"""How many in a measurement, by clients."""

WARM_UP = 200
TEMPLATE_KRW = 500_000_000_000_000
BODY = f'{{"occurred_on": "{PAID_ON}"}}'.encode()
ID = "'01900000-0000-7000-8000-' || lpad({}::text, 12, '0')"
CASES = f"""
    with new as (select ({ID.format("n")})::uuid as id from generate_series($2::int, $3::int) n),
    bound as (
        insert into funding.commitment (case_id, programme_id, company_id, city_account, own_year, signed_on,
                                        total_krw, public_krw, self_krw, self_confirmed_on)
        select id, programme_id, company_id, city_account, own_year, signed_on,
               50000000, 40000000, 10000000, self_confirmed_on
        from funding.commitment, new where case_id = $1
    ),
    said as (insert into funding.stream (subject, last) select id::text, 6 from new)
    insert into funding.tranche (case_id, number, programme_id, milestone, due_on, fiscal_year, amounts_krw,
                                 total_krw, status, achieved_on, moved_on, requested_by)
    select id, number, programme_id, milestone, due_on, fiscal_year,
           '{{"province": 10000000, "city": 10000000}}', 20000000, status, achieved_on, moved_on, requested_by
    from funding.tranche, new where case_id = $1
"""
KEPT = """
    select count(*) from funding.tranche t
    join funding.event_log l on l.subject = t.case_id::text and l.type = 'kr.ieum.tranche.approved.v1'
    join funding.outbox o using (position)
    join funding.idempotency_key k on k.key = t.case_id::text and k.status = 200
    where t.case_id = any($1::uuid[]) and t.number = 1 and t.status = 'approved'
      and (select count(*) = 4 and sum(amount_krw) = 0 and sum(abs(amount_krw)) = 40000000
           from funding.posting p where p.case_id = t.case_id and reason = 'tranche.approved')
"""


class Bench:
    """One programme's budget, and cases whose first tranche was requested by the officer."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers, self.folder, self.file = servers, folder, folder / "approval.sql"
        self.database = Database(real.app_url("funding"), "funding", 1)
        self.funding = Funding({"funding": self.database}, servers.settings, folder)
        self.headers = self.funding.edge.bearer("approver", "bench-approver")
        self.cases = 0
        self.costs: dict[str, list[Cost]] = {}

    async def prepare(self) -> None:
        """A case like those that follow, made and requested through the product."""
        await real.empty()
        async with self.funding:
            await self.funding.start()
            await self.funding.hear(a_publication())
            await self.funding.allocate(TEMPLATE_KRW)
            signed = await self.funding.ready_case(total_krw=TEMPLATE_KRW)
            asked = await self.funding.post(
                self.path(str(signed.case_id), "request"), "officer:bench-officer"
            )
            assert asked.status_code == 200, asked.text
            self.template = signed.case_id
            self.file.write_text(pgbench.script(await self.captured(), self.named()), encoding="utf-8")

    def path(self, case_id: str, step: str = "approval") -> str:
        return f"/cases/{case_id}/tranches/1/{step}"

    async def captured(self) -> list[replay.Pattern]:
        """What the product executes for the second of two approvals."""
        cases = await self.new_cases(2)
        left = iter(cases)

        async def approve() -> None:
            case = next(left)
            headers = self.headers | {"Idempotency-Key": case, "Content-Type": "application/json"}
            answer = await self.funding.edge.client.post(self.path(case), content=BODY, headers=headers)
            assert answer.status_code == 200, answer.text

        statements = await replay.capture(self.database, approve)
        self.servers.say(f"{len(statements)} statements an approval")
        return replay.patterns(statements, {"case": cases[1]})

    def named(self) -> dict[str, str]:
        """A transaction's values in SQL: its case, and ids that are its own as well."""
        case = ID.format(":n::int")
        return {"case": case} | {f"fresh-{k}": case.replace("7000", f"700{k}") for k in range(1, 10)}

    async def new_cases(self, many: int) -> list[str]:
        first, self.cases = self.cases + 1, self.cases + many
        admin = await real.admin()
        try:
            await admin.execute(CASES, self.template, first, self.cases)
        finally:
            await admin.close()
        return [f"01900000-0000-7000-8000-{number:012}" for number in range(first, self.cases + 1)]

    def each(self, clients: int) -> int:
        """How many approvals a client asks for."""
        return max(1, self.servers.sized(APPROVALS[clients]) // clients)

    async def ours(self, at: Served, clients: int, cases: Sequence[str]) -> Cost:
        requests = [
            load.request(self.path(one), self.headers | {"Idempotency-Key": one}, BODY) for one in cases
        ]
        return await measured(at, requests, clients, expected=200)

    async def check(self, cases: Sequence[str]) -> None:
        """Each is approved, once, its money moved and its event waiting."""
        admin = await real.admin()
        try:
            assert await admin.fetchval(KEPT, cases) == len(cases)
        finally:
            await admin.close()

    async def run_ours(self, at: Served, clients: int) -> float:
        cases = await self.new_cases(self.each(clients) * clients)
        cost = await self.ours(at, clients, cases)
        await self.check(cases)
        self.costs.setdefault(f"{clients}", []).append(cost)
        return cost.a_second

    async def run_pgbench(self, clients: int) -> float:
        first, cases = self.cases + 1, await self.new_cases(self.each(clients) * clients)
        wanted = Clients(clients, self.each(clients), first)
        rate = await pgbench.run(real.app_url("funding"), "funding", self.file, wanted)
        await self.check(cases)
        return rate


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ieum-bench-")))
        bench = Bench(servers, folder)
        stack.push_async_callback(bench.database.close)
        stack.push_async_callback(real.empty)
        await bench.prepare()
        at = await stack.enter_async_context(service("funding", jwks_file(bench.funding.edge.issuer), folder))
        await bench.ours(at, max(APPROVALS), await bench.new_cases(WARM_UP))
        contestants: dict[str, Any] = {}
        for clients in APPROVALS:
            contestants[f"pgbench {clients}"] = partial(bench.run_pgbench, clients)
            contestants[f"ours {clients}"] = partial(bench.run_ours, at, clients)
        found = await alternating(contestants, SHORT_TURNS * rounds, servers.say)
    for clients in APPROVALS:
        name = f"tranche approval / pgbench, {clients} client{'s' * (clients > 1)}"
        pair = found.pair(f"ours {clients}", f"pgbench {clients}")
        yield Figure(name, *pair, "approvals/s", ">= 0.4")
    for clients in APPROVALS:
        each = [1_000 * second for cost in bench.costs[f"{clients}"] for second in cost.each]
        yield Figure(
            f"tranche approval, p99 / p50, {clients}", percentile(each, 99), percentile(each, 50), "ms"
        )
