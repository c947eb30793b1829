"""Four services on real Kafka and Postgres, and a handful of cases from their application to a paid tranche."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson

from services.applications.main import SERVICE as APPLICATIONS
from services.funding.main import SERVICE as FUNDING
from services.monitoring.main import SERVICE as MONITORING
from services.notifications.main import SERVICE as NOTIFICATIONS
from shared.events.definition import ReviewRule
from shared.events.external import LegacyCaseRecorded, TreasuryPaymentExecuted, TreasuryPaymentRejected
from shared.values.money import Funder
from shared.web.identity import Actor
from tests.builders import a_business_number, kafka_record
from tests.chaos.history import Operation, now, what_of
from tests.chaos.recording import answered
from tests.system import KafkaSystem, System
from tests.unit.funding_builders import a_definition

SERVICES = (APPLICATIONS, FUNDING, MONITORING, NOTIFICATIONS)
PROGRAMME, ROUND = "jeonbuk-smart-factory", "jeonbuk-2024"
CITY = "52110"
SIGNED_ON = date(2024, 7, 1)
TOTAL_KRW = 100_000_001

Json = dict[str, Any]


class NamedByToken:
    """Stands for Identity: the token is `role:id`."""

    def actor(self, token: str) -> Actor:
        role, _, id = token.partition(":")
        return Actor(id, frozenset([role]))

    def principal(self, authorization: str) -> str:
        return authorization.rpartition(":")[2]


class ServicesWithHttp(System):
    """The services with their HTTP; `history` has every request and every external event, as in a chaos run."""

    async def serve(self) -> None:
        self.http: dict[str, httpx.AsyncClient] = {}
        self.history: list[Operation] = []
        for service in self.services:
            app = service.app(self.databases[service.name], self.settings, [], serves_api=True)
            app.state.identity = NamedByToken()
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://services")
            self.http[service.name] = await self.enter_async_context(client)

    async def ask(
        self, service: str, path: str, body: Json, actor: str = "officer:kim", method: str = "POST"
    ) -> Json:
        """Send a request that must be accepted, and return its answer."""
        answer = await self.request(service, path, body, actor, method)
        assert answer.is_success, answer.text
        content: Json = answer.json()
        return content

    async def request(
        self, service: str, path: str, body: Json, actor: str = "officer:kim", method: str = "POST"
    ) -> httpx.Response:
        made = Operation(
            "command", str(uuid4()), what_of(path), sent_at=now(), body=body, path=path, service=service
        )
        operation = replace(
            made, actor=actor.partition(":")[2], key=f"chaos/{PROGRAMME.rpartition('-')[2]}/{made.id}"
        )
        headers = {
            "authorization": f"Bearer {actor}",
            "idempotency-key": operation.key,
            "x-correlation-id": operation.id,
        }
        answer = await self.http[service].request(method, path, json=body, headers=headers)
        self.history.append(answered(operation, answer))
        return answer

    async def deliver(self, *records: Json) -> None:
        """Publish records of other systems, and wait until they are handled."""
        for record in records:
            stored = await self.send(**record)
            if stored is not None:
                at = {"topic": stored.topic, "partition": stored.partition, "offset": stored.offset}
                self.history.append(replace(published(record), **at))
        await self.run_until_quiescent()


def published(record: Json) -> Operation:
    """Return the operation of an external event; a body that is no JSON makes it a poison record."""
    headers = {name: value.decode() for name, value in record["headers"]}
    try:
        body = orjson.loads(record["value"])
    except orjson.JSONDecodeError:
        return Operation("poison", headers["ce_id"], "poison", "ok", rule="schema")
    return Operation("event", headers["ce_id"], headers["ce_type"], "ok", body=body)


class ServicesOnKafka(ServicesWithHttp, KafkaSystem):
    """On real Kafka."""

    async def start(self) -> None:
        await super().start()
        await self.serve()


async def play(system: ServicesWithHttp) -> None:
    """Play two paid companies (one after the treasury rejected it once), one that withdraws its award, one not eligible."""
    await announce(system)
    cases = [await apply(system, eligible=number < 3) for number in range(4)]
    await decide(system, cases)
    again = await system.request("applications", f"/rounds/{ROUND}/closing", {"occurred_on": "2024-04-03"})
    assert again.is_client_error
    first, withdrawn, promoted = cases[:3]
    gone = {"reason": "자금 사정", "occurred_on": "2024-06-10"}
    await system.ask("applications", f"/cases/{withdrawn}/abandonment", gone)
    for case_id in (first, promoted):
        await sign(system, case_id)
    await system.run_until_quiescent()
    for case_id in (first, promoted):
        await make_ready(system, case_id)
    await system.run_until_quiescent()
    await pay(system, first)
    await pay(system, promoted, rejected_first=True)
    await visit(system, first)
    await deliver_past_results(system)


async def announce(system: ServicesWithHttp) -> None:
    definition = a_definition(review=ReviewRule(criteria={"plan": 100}), municipalities=[CITY])
    shape = definition.model_dump(mode="json")
    await system.ask("applications", "/programmes", {"definition": shape, "occurred_on": "2024-01-01"})
    await system.run_until_quiescent()
    for year in (2024, 2025):
        for funder, municipality in (("province", None), ("city", CITY)):
            budget = {"fiscal_year": year, "funder": funder, "municipality": municipality}
            body = {"programme_id": PROGRAMME, "amount_krw": 1_000_000_000, "occurred_on": "2024-01-02"}
            await system.ask("funding", "/budgets", budget | body)
    round = {
        "round_id": ROUND,
        "programme_id": PROGRAMME,
        "year": 2024,
        "name_ko": "2024년 공고",
        "opens_on": "2024-03-20",
        "closes_on": "2024-04-03",
        "quota": {"all": 2},
        "occurred_on": "2024-03-20",
    }
    await system.ask("applications", "/rounds", round)


async def apply(system: ServicesWithHttp, eligible: bool) -> str:
    """Register a company; its application is screened and, if eligible, reviewed. Return the case id."""
    company = await system.ask(
        "applications",
        "/companies",
        {
            "business_number": a_business_number(),
            "name_ko": "기업 B-001",
            "municipality": CITY,
            "occurred_on": "2024-03-21",
        },
    )
    number = uuid4().int % 10**8
    contact = {"email": f"c{number}@company.example.com", "phone": f"010-0000-{number % 10**4:04}"}
    await system.ask("notifications", f"/recipients/{company['company_id']}", contact, method="PUT")
    given = {"round_id": ROUND, "company_id": company["company_id"], "total_krw": TOTAL_KRW}
    case = await system.ask("applications", "/applications", given | {"occurred_on": "2024-03-25"})
    path, reasons = f"/cases/{case['case_id']}", [] if eligible else ["공장 등록증 없음"]
    screened = {"eligible": eligible, "reasons": reasons, "occurred_on": "2024-04-10"}
    await system.ask("applications", f"{path}/screening", screened)
    for reviewer in ("lee", "park", "choi") if eligible else ():
        review = {"scores": {"plan": 80}, "occurred_on": "2024-05-02"}
        await system.ask("applications", f"{path}/reviews", review, f"reviewer:{reviewer}")
    return str(case["case_id"])


async def decide(system: ServicesWithHttp, cases: list[str]) -> None:
    """Close the round and select; equal scores are ranked by business number, and the list is put in that order."""
    await system.ask("applications", f"/rounds/{ROUND}/closing", {"occurred_on": "2024-04-03"})
    decided = await system.ask("applications", f"/rounds/{ROUND}/selection", {"occurred_on": "2024-05-20"})
    assert (decided["selected"], decided["reserved"], decided["rejected"]) == (2, 1, 1), decided
    ranks = {str(row["case_id"]): row["rank"] or 9 for row in await system.rows("applications", "award")}
    cases.sort(key=lambda case_id: ranks[case_id])


async def sign(system: ServicesWithHttp, case_id: str) -> None:
    dates: Json = {"starts_on": "2024-07-01", "ends_on": "2025-03-01", "occurred_on": f"{SIGNED_ON}"}
    await system.ask("applications", f"/cases/{case_id}/agreement", dates | {"total_krw": TOTAL_KRW})


async def make_ready(system: ServicesWithHttp, case_id: str) -> None:
    [account] = await system.rows("funding", "commitment", f"case_id = '{case_id}'")
    body = {"amount_krw": account["self_krw"], "evidence": "통장 사본", "occurred_on": "2024-07-02"}
    await system.ask("funding", f"/cases/{case_id}/self-contribution", body)
    done = {"evidence": "착수계", "occurred_on": "2024-07-05"}
    await system.ask("monitoring", f"/cases/{case_id}/milestones/start/achievement", done)


async def pay(system: ServicesWithHttp, case_id: str, rejected_first: bool = False) -> None:
    """Pay the first tranche; the treasury may reject it once, and answers the payment a second time."""
    if rejected_first:
        payment = await instruct(system, case_id, SIGNED_ON + timedelta(days=10))
        no = {"payment_id": UUID(payment["payment_id"]), "reason": "예금주 불일치"}
        await system.deliver(kafka_record(TreasuryPaymentRejected(**no, occurred_on=date(2024, 7, 12)), None))
    payment = await instruct(system, case_id, SIGNED_ON + timedelta(days=20))
    yes = {"payment_id": UUID(payment["payment_id"]), "amount_krw": payment["amount_krw"]}
    for reference in ("", "-2"):
        answer = yes | {"treasury_reference": f"T-{payment['payment_id']}{reference}"}
        await system.deliver(
            kafka_record(TreasuryPaymentExecuted(**answer, occurred_on=date(2024, 7, 22)), None)
        )


async def instruct(system: ServicesWithHttp, case_id: str, on: date) -> Json:
    path, day = f"/cases/{case_id}/tranches/1", {"occurred_on": f"{on}"}
    await system.ask("funding", f"{path}/request", day, "officer:kim")
    await system.ask("funding", f"{path}/approval", day, "approver:lee")
    return await system.ask("funding", f"{path}/instruction", day, "payer:choi")


async def visit(system: ServicesWithHttp, case_id: str) -> None:
    given: Json = {"mentor_id": "mentor-1", "occurred_on": "2024-08-01"}
    await system.ask("monitoring", f"/cases/{case_id}/mentors", given | {"weeks": 2})
    await system.ask("monitoring", f"/cases/{case_id}/visits", given | {"work": "공정 진단"})


async def deliver_past_results(system: ServicesWithHttp) -> None:
    """Deliver one past case twice, and an unreadable record, which becomes a dead letter."""
    record = kafka_record(a_past_case(), None)
    broken = record | {"value": b"{", "key": b"broken", "headers": record["headers"][:-1]}
    await system.deliver(record, record, broken)


def a_past_case(company_name_ko: str = "기업 G-001") -> LegacyCaseRecorded:
    return LegacyCaseRecorded(
        record_id=f"G-{uuid4()}",
        programme_id=PROGRAMME,
        company_name_ko=company_name_ko,
        municipality=CITY,
        year_from=2021,
        year_to=2021,
        status="completed",
        amounts_krw={Funder.PROVINCE: 10_000_000, Funder.CITY: 10_000_000, Funder.SELF: 5_000_000},
        occurred_on=date(2024, 1, 10),
    )
