"""The funding service on a Kafka in memory: requests by role, delivered events, and their effects."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from services.funding.main import SERVICE
from shared.config import Settings
from shared.events import Event
from shared.events.applications import AgreementSigned, CaseAbandoned, CompanyClosed
from shared.events.external import TreasuryPaymentExecuted, TreasuryPaymentRejected
from shared.events.monitoring import MilestoneAchieved
from shared.values.money import Funder
from tests.builders import kafka_record
from tests.databases import Databases
from tests.flows.web import ServiceApi
from tests.system import MemorySystem
from tests.unit.funding_builders import SIGNED_ON, a_publication, an_agreement

PROGRAMME = "jeonbuk-smart-factory"
PAID_ON = SIGNED_ON + timedelta(days=20)


class Funding(MemorySystem):
    """The service with its HTTP API and the events of others. The actor of a request is written `role:id`."""

    def __init__(self, databases: Databases, settings: Settings, folder: Path) -> None:
        super().__init__([SERVICE], databases, settings)
        self.api = ServiceApi(SERVICE, databases["funding"], settings, folder)

    async def start(self) -> None:
        await super().start()
        await self.enter_async_context(self.api.client)

    async def deliver(self, *events: Event) -> None:
        for event in events:
            await self.send(**kafka_record(event))
        await self.run_until_quiescent()

    async def post(self, path: str, actor: str, **body: Any) -> httpx.Response:
        body.setdefault("occurred_on", PAID_ON.isoformat())
        role, _, id = actor.partition(":")
        return await self.api.request("POST", path, body, role, id)

    async def get(self, path: str) -> Any:
        return await self.api.get(path, "auditor")

    async def allocate(self, krw: int = 1_000_000_000, years: tuple[int, ...] = (2024, 2025)) -> None:
        for year in years:
            for funder, municipality in (("province", None), ("city", "52111"), ("city", "52130")):
                body = {"programme_id": PROGRAMME, "fiscal_year": year, "funder": funder, "amount_krw": krw}
                response = await self.post(
                    "/budgets", "officer:o", municipality=municipality, **body, occurred_on="2024-01-02"
                )
                assert response.status_code == 201, response.text
        await self.run_until_quiescent()

    async def sign_agreement(self, **changes: Any) -> AgreementSigned:
        signed = an_agreement(**changes)
        await self.deliver(signed)
        return signed

    async def ready_case(self, **changes: Any) -> AgreementSigned:
        """Return a signed agreement with its self-contribution confirmed and its first milestone achieved."""
        await self.deliver(a_publication())
        await self.allocate()
        signed = await self.sign_agreement(**changes)
        await self.confirm_self_contribution(signed)
        await self.deliver(an_achievement(signed))
        return signed

    async def confirm_self_contribution(self, signed: AgreementSigned) -> httpx.Response:
        return await self.post(
            f"/cases/{signed.case_id}/self-contribution",
            "officer:o",
            amount_krw=signed.shares_krw[Funder.SELF],
            evidence="통장 사본 2024-7",
        )

    async def instruct(self, signed: AgreementSigned, number: int = 1) -> Any:
        """Request, approve and instruct a tranche by three people; return the payment."""
        path = f"/cases/{signed.case_id}/tranches/{number}"
        for step, actor in (("request", "officer:o"), ("approval", "approver:a"), ("instruction", "payer:p")):
            response = await self.post(f"{path}/{step}", actor)
            assert response.status_code == 200, response.text
        return response.json()

    async def status(self, signed: AgreementSigned, number: int = 1) -> str:
        case = await self.get(f"/cases/{signed.case_id}/tranches")
        return str(case["tranches"][number - 1]["status"])

    async def emitted(self, *types: str) -> list[dict[str, Any]]:
        """Return the events that the service emitted, in order; only of these types where some are named."""
        rows = sorted(await self.rows("funding", "event_log"), key=lambda row: row["position"])
        return [
            {"type": row["type"].removeprefix("kr.ieum."), **orjson.loads(row["data"])}
            for row in rows
            if not types or row["type"].removeprefix("kr.ieum.") in types
        ]

    async def dead_letter_rules(self) -> list[str]:
        return [row["rule"] for row in await self.rows("funding", "dead_letter")]

    async def balances(self, year: int = 2024) -> dict[str, int]:
        """Return won by kind of account, public money and self-contributions together."""
        budget = await self.get(f"/budgets?programme_id={PROGRAMME}&fiscal_year={year}")
        kinds: dict[str, int] = {}
        for account in budget["accounts"]:
            kinds[account["kind"]] = kinds.get(account["kind"], 0) + account["balance_krw"]
        return kinds


def an_achievement(signed: AgreementSigned, milestone: str = "start", **changes: Any) -> MilestoneAchieved:
    fields = {
        "case_id": signed.case_id,
        "programme_id": signed.programme_id,
        "milestone": milestone,
        "due_on": PAID_ON,
        "completes": milestone == "final",
        "evidence": "보고서 1",
        "occurred_on": SIGNED_ON + timedelta(days=9),
    }
    return MilestoneAchieved.model_validate(fields | changes)


def a_treasury_execution(payment: Any, **changes: Any) -> TreasuryPaymentExecuted:
    fields = {
        "payment_id": payment["payment_id"],
        "amount_krw": payment["amount_krw"],
        "treasury_reference": f"T-{payment['payment_id']}",
        "occurred_on": PAID_ON,
    }
    return TreasuryPaymentExecuted.model_validate(fields | changes)


def a_treasury_rejection(payment: Any) -> TreasuryPaymentRejected:
    fields = {"payment_id": payment["payment_id"], "reason": "계좌 오류", "occurred_on": PAID_ON}
    return TreasuryPaymentRejected.model_validate(fields)


def an_abandonment(signed: AgreementSigned) -> CaseAbandoned:
    return CaseAbandoned(
        case_id=signed.case_id,
        programme_id=signed.programme_id,
        stage="after_agreement",
        reason="경영 악화",
        occurred_on=PAID_ON,
    )


def a_closure(signed: AgreementSigned) -> CompanyClosed:
    return CompanyClosed(company_id=signed.company_id, state="closed", occurred_on=PAID_ON)
