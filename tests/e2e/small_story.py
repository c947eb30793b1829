"""Four services on real Kafka and Postgres, and a handful of cases from their application to a paid tranche."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.applications.main import SERVICE as APPLICATIONS
from services.funding.main import SERVICE as FUNDING
from services.monitoring.main import SERVICE as MONITORING
from services.notifications.main import SERVICE as NOTIFICATIONS
from shared.events.definition import ReviewRule
from shared.events.external import LegacyCaseRecorded, TreasuryPaymentExecuted, TreasuryPaymentRejected
from shared.values.money import Funder
from shared.web.identity import Actor
from tests.builders import a_business_number, kafka_record
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
        return authorization


class WithHttp(System):
    """The services with their HTTP: `ask` is somebody's request, `hear` what an outsider says."""

    async def serve(self) -> None:
        self.http: dict[str, httpx.AsyncClient] = {}
        for service in self.services:
            app = service.app(self.databases[service.name], self.settings, [], serves_api=True)
            app.state.identity = NamedByToken()
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://town")
            self.http[service.name] = await self.enter_async_context(client)

    async def ask(
        self, service: str, path: str, body: Json, who: str = "officer:kim", method: str = "POST"
    ) -> Json:
        headers = {"authorization": f"Bearer {who}", "idempotency-key": str(uuid4())}
        answer = await self.http[service].request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    async def hear(self, *records: Json) -> None:
        for record in records:
            await self.send(**record)
        await self.settle()


class Town(WithHttp, KafkaSystem):
    """On real Kafka."""

    async def start(self) -> None:
        await super().start()
        await self.serve()


async def play(town: WithHttp) -> None:
    """Two companies are paid (one after the treasury rejected it once), one gives up, one is not eligible."""
    await announce(town)
    cases = [await apply(town, eligible=number < 3) for number in range(4)]
    await decide(town, cases)
    first, gives_up, steps_in = cases[:3]
    gone = {"reason": "자금 사정", "occurred_on": "2024-06-10"}
    await town.ask("applications", f"/cases/{gives_up}/abandonment", gone)
    for case_id in (first, steps_in):
        await sign(town, case_id)
    await town.settle()
    for case_id in (first, steps_in):
        await make_ready(town, case_id)
    await town.settle()
    await pay(town, first)
    await pay(town, steps_in, rejected_first=True)
    await visit(town, first)
    await tell_of_the_past(town)


async def announce(town: WithHttp) -> None:
    definition = a_definition(review=ReviewRule(criteria={"plan": 100}), municipalities=[CITY])
    shape = definition.model_dump(mode="json")
    await town.ask("applications", "/programmes", {"definition": shape, "occurred_on": "2024-01-01"})
    await town.settle()
    for year in (2024, 2025):
        for funder, municipality in (("province", None), ("city", CITY)):
            budget = {"fiscal_year": year, "funder": funder, "municipality": municipality}
            body = {"programme_id": PROGRAMME, "amount_krw": 1_000_000_000, "occurred_on": "2024-01-02"}
            await town.ask("funding", "/budgets", budget | body)
    call = {
        "round_id": ROUND,
        "programme_id": PROGRAMME,
        "year": 2024,
        "name_ko": "2024년 공고",
        "opens_on": "2024-03-20",
        "closes_on": "2024-04-03",
        "quota": {"all": 2},
        "occurred_on": "2024-03-20",
    }
    await town.ask("applications", "/rounds", call)


async def apply(town: WithHttp, eligible: bool) -> str:
    """The case id of one more company that applied, was screened and, if eligible, reviewed."""
    company = await town.ask(
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
    await town.ask("notifications", f"/recipients/{company['company_id']}", contact, method="PUT")
    given = {"round_id": ROUND, "company_id": company["company_id"], "total_krw": TOTAL_KRW}
    case = await town.ask("applications", "/applications", given | {"occurred_on": "2024-03-25"})
    path, reasons = f"/cases/{case['case_id']}", [] if eligible else ["공장 등록증 없음"]
    screened = {"eligible": eligible, "reasons": reasons, "occurred_on": "2024-04-10"}
    await town.ask("applications", f"{path}/screening", screened)
    for reviewer in ("lee", "park", "choi") if eligible else ():
        review = {"scores": {"plan": 80}, "occurred_on": "2024-05-02"}
        await town.ask("applications", f"{path}/reviews", review, f"reviewer:{reviewer}")
    return str(case["case_id"])


async def decide(town: WithHttp, cases: list[str]) -> None:
    """All scored the same: the order among them is the business number's, so the list is put in that order."""
    await town.ask("applications", f"/rounds/{ROUND}/closing", {"occurred_on": "2024-04-03"})
    decided = await town.ask("applications", f"/rounds/{ROUND}/selection", {"occurred_on": "2024-05-20"})
    assert (decided["selected"], decided["reserved"], decided["rejected"]) == (2, 1, 1), decided
    ranks = {str(row["case_id"]): row["rank"] or 9 for row in await town.rows("applications", "award")}
    cases.sort(key=lambda case_id: ranks[case_id])


async def sign(town: WithHttp, case_id: str) -> None:
    dates: Json = {"starts_on": "2024-07-01", "ends_on": "2025-03-01", "occurred_on": f"{SIGNED_ON}"}
    await town.ask("applications", f"/cases/{case_id}/agreement", dates | {"total_krw": TOTAL_KRW})


async def make_ready(town: WithHttp, case_id: str) -> None:
    [account] = await town.rows("funding", "commitment", f"case_id = '{case_id}'")
    body = {"amount_krw": account["self_krw"], "evidence": "통장 사본", "occurred_on": "2024-07-02"}
    await town.ask("funding", f"/cases/{case_id}/self-contribution", body)
    done = {"evidence": "착수계", "occurred_on": "2024-07-05"}
    await town.ask("monitoring", f"/cases/{case_id}/milestones/start/achievement", done)


async def pay(town: WithHttp, case_id: str, rejected_first: bool = False) -> None:
    """The first tranche, by three people; the treasury may refuse it once."""
    if rejected_first:
        payment = await instruct(town, case_id, SIGNED_ON + timedelta(days=10))
        no = {"payment_id": UUID(payment["payment_id"]), "reason": "예금주 불일치"}
        await town.hear(kafka_record(TreasuryPaymentRejected(**no, occurred_on=date(2024, 7, 12)), None))
    payment = await instruct(town, case_id, SIGNED_ON + timedelta(days=20))
    yes = {
        "payment_id": UUID(payment["payment_id"]),
        "amount_krw": payment["amount_krw"],
        "treasury_reference": f"T-{payment['payment_id']}",
    }
    await town.hear(kafka_record(TreasuryPaymentExecuted(**yes, occurred_on=date(2024, 7, 22)), None))


async def instruct(town: WithHttp, case_id: str, on: date) -> Json:
    path, day = f"/cases/{case_id}/tranches/1", {"occurred_on": f"{on}"}
    await town.ask("funding", f"{path}/request", day, "officer:kim")
    await town.ask("funding", f"{path}/approval", day, "approver:lee")
    return await town.ask("funding", f"{path}/instruction", day, "payer:choi")


async def visit(town: WithHttp, case_id: str) -> None:
    given: Json = {"mentor_id": "mentor-1", "occurred_on": "2024-08-01"}
    await town.ask("monitoring", f"/cases/{case_id}/mentors", given | {"weeks": 2})
    await town.ask("monitoring", f"/cases/{case_id}/visits", given | {"work": "공정 진단"})


async def tell_of_the_past(town: WithHttp) -> None:
    """One past case, delivered twice; and a record that nobody can read, which becomes a dead letter."""
    record = kafka_record(a_past_case(), None)
    broken = record | {"value": b"{", "key": b"broken", "headers": record["headers"][:-1]}
    await town.hear(record, record, broken)


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
