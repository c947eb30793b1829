"""A case's money from agreement to payment: by events in, by HTTP, by events out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.main import SERVICE
from services.funding.tranches import commands
from shared.config import Settings
from shared.edge.identity import Actor
from shared.events import Event
from shared.events.applications import AgreementSigned, CaseAbandoned, CaseRecorded, CompanyClosed
from shared.events.external import TreasuryPaymentExecuted, TreasuryPaymentRejected
from shared.events.monitoring import MilestoneAchieved
from tests.builders import sealed
from tests.databases import Databases
from tests.system import MemorySystem
from tests.unit.funding_builders import SIGNED_ON, a_definition, a_publication, an_agreement

PROGRAMME = "jeonbuk-smart-factory"
PAID_ON = SIGNED_ON + timedelta(days=20)


class NamedByToken:
    """Stands for Identity: the token is `role:id`."""

    def actor(self, token: str) -> Actor:
        role, _, id = token.partition(":")
        return Actor(id, frozenset([role]))

    def principal(self, authorization: str) -> str:
        return authorization


class Funding(MemorySystem):
    """The service, its HTTP, and what an outsider or another service says to it."""

    async def start(self) -> None:
        await super().start()
        app = SERVICE.app(self.databases["funding"], self.settings, [], serves_api=True)
        app.state.identity = NamedByToken()
        transport = httpx.ASGITransport(app)
        self.http = await self.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://f")
        )

    async def hear(self, *events: Event) -> None:
        for event in events:
            await self.send(**sealed(event))
        await self.settle()

    async def post(self, path: str, who: str, **body: Any) -> httpx.Response:
        body.setdefault("occurred_on", PAID_ON.isoformat())
        return await self.http.post(path, json=body, headers={"authorization": f"Bearer {who}"})

    async def get(self, path: str) -> Any:
        found = await self.http.get(path, headers={"authorization": "Bearer auditor:kim"})
        assert found.status_code == 200, found.text
        return found.json()

    async def allocate(self, krw: int = 1_000_000_000, years: tuple[int, ...] = (2024, 2025)) -> None:
        for year in years:
            for funder, municipality in (("province", None), ("city", "52111"), ("city", "52130")):
                body = {"programme_id": PROGRAMME, "fiscal_year": year, "funder": funder, "amount_krw": krw}
                done = await self.post(
                    "/budgets", "officer:o", municipality=municipality, **body, occurred_on="2024-01-02"
                )
                assert done.status_code == 201, done.text
        await self.settle()

    async def agreed(self, **changes: Any) -> AgreementSigned:
        signed = an_agreement(**changes)
        await self.hear(signed)
        return signed

    async def ready_case(self, **changes: Any) -> AgreementSigned:
        """Its own share confirmed, the first milestone achieved."""
        await self.hear(a_publication())
        await self.allocate()
        signed = await self.agreed(**changes)
        await self.confirm(signed)
        await self.hear(an_achievement(signed))
        return signed

    async def confirm(self, signed: AgreementSigned) -> httpx.Response:
        return await self.post(
            f"/cases/{signed.case_id}/self-contribution",
            "officer:o",
            amount_krw=signed.shares_krw["self"],  # type: ignore[index]
            evidence="통장 사본 2024-7",
        )

    async def instructed(self, signed: AgreementSigned, number: int = 1) -> Any:
        """Requested, approved and instructed by three people."""
        path = f"/cases/{signed.case_id}/tranches/{number}"
        for step, who in (("request", "officer:o"), ("approval", "approver:a"), ("instruction", "payer:p")):
            done = await self.post(f"{path}/{step}", who)
            assert done.status_code == 200, done.text
        return done.json()

    async def status(self, signed: AgreementSigned, number: int = 1) -> str:
        case = await self.get(f"/cases/{signed.case_id}/tranches")
        return str(case["tranches"][number - 1]["status"])

    async def told(self, *types: str) -> list[dict[str, Any]]:
        """What the service has said, in order; of these types where some are named."""
        rows = sorted(await self.rows("funding", "event_log"), key=lambda row: row["position"])
        return [
            {"type": row["type"].removeprefix("kr.ieum."), **orjson.loads(row["data"])}
            for row in rows
            if not types or row["type"].removeprefix("kr.ieum.") in types
        ]

    async def dead(self) -> list[str]:
        return [row["rule"] for row in await self.rows("funding", "dead_letter")]

    async def balances(self, year: int = 2024) -> dict[str, int]:
        """By kind, public and own money together."""
        found = await self.get(f"/budgets?programme_id={PROGRAMME}&fiscal_year={year}")
        kinds: dict[str, int] = {}
        for account in found["accounts"]:
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


def paid(payment: Any, **changes: Any) -> TreasuryPaymentExecuted:
    fields = {
        "payment_id": payment["payment_id"],
        "amount_krw": payment["amount_krw"],
        "treasury_reference": f"T-{payment['payment_id']}",
        "occurred_on": PAID_ON,
    }
    return TreasuryPaymentExecuted.model_validate(fields | changes)


def unpaid(payment: Any) -> TreasuryPaymentRejected:
    fields = {"payment_id": payment["payment_id"], "reason": "계좌 오류", "occurred_on": PAID_ON}
    return TreasuryPaymentRejected.model_validate(fields)


def given_up(signed: AgreementSigned) -> CaseAbandoned:
    return CaseAbandoned(
        case_id=signed.case_id,
        programme_id=signed.programme_id,
        stage="after_agreement",
        reason="경영 악화",
        occurred_on=PAID_ON,
    )


def closed(signed: AgreementSigned) -> CompanyClosed:
    return CompanyClosed(company_id=signed.company_id, state="closed", occurred_on=PAID_ON)


@pytest.fixture
async def funding(databases: Databases, settings: Settings) -> AsyncIterator[Funding]:
    async with Funding([SERVICE], databases, settings) as system:
        await system.start()
        yield system


async def test_a_tranche_goes_from_agreement_to_payment_through_three_people(funding: Funding) -> None:
    signed = await funding.ready_case()

    payment = await funding.instructed(signed)
    await funding.hear(paid(payment))

    assert [event["type"] for event in (await funding.told())[6:]] == [
        "funds.committed.v1",
        "tranche.scheduled.v1",
        "tranche.scheduled.v1",
        "self_contribution.confirmed.v1",
        "tranche.ready.v1",
        "tranche.requested.v1",
        "tranche.approved.v1",
        "tranche.instructed.v1",
        "tranche.disbursed.v1",
    ]
    assert await funding.status(signed) == "disbursed"
    balances = await funding.balances()
    assert balances["disbursed"] == payment["amount_krw"] == 40_000_000
    assert (balances["committed"], balances["payable"]) == (0, 0)
    assert balances["evidenced"] == 20_000_001
    assert await funding.dead() == []


async def test_public_money_is_committed_in_the_year_in_which_each_tranche_falls_due(
    funding: Funding,
) -> None:
    await funding.hear(a_publication())
    await funding.allocate()

    signed = await funding.agreed()

    [committed] = await funding.told("funds.committed.v1")
    assert committed["years"] == [
        {"fiscal_year": 2024, "amounts_krw": {"province": 20_000_000, "city": 20_000_000}},
        {"fiscal_year": 2025, "amounts_krw": {"province": 20_000_000, "city": 20_000_000}},
    ]
    assert (await funding.balances(2024))["committed"] == 40_000_000
    assert (await funding.balances(2025))["committed"] == 40_000_000
    assert {
        row["municipality"] for row in await funding.rows("funding", "posting", "kind = 'committed'")
    } == {"", signed.municipality}


async def test_an_agreement_waits_for_its_programme_and_its_budget(funding: Funding) -> None:
    signed = await funding.agreed()
    assert await funding.count("funding", "parked") == 1
    await funding.hear(a_publication())
    assert await funding.count("funding", "parked") == 1

    await funding.allocate()

    assert await funding.count("funding", "parked") == 0
    assert await funding.status(signed) == "scheduled"
    assert await funding.dead() == []


async def test_an_agreement_beyond_the_budget_is_a_dead_letter_that_names_the_gap(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate(krw=19_999_999)

    await funding.agreed()

    [letter] = await funding.rows("funding", "dead_letter")
    assert letter["rule"] == "budget_short"
    assert "2024년 시군비 52111" in letter["reason"]
    assert "1원 모자랍니다" in letter["reason"]
    assert await funding.count("funding", "commitment") == 0
    assert (await funding.balances())["available"] == 3 * 19_999_999


async def test_a_milestone_that_arrives_before_its_agreement_waits_for_it(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = an_agreement()

    await funding.hear(an_achievement(signed))
    await funding.hear(signed)
    await funding.confirm(signed)

    assert await funding.status(signed) == "ready"
    assert len(await funding.told("tranche.ready.v1")) == 1


async def test_a_request_before_its_time_is_told_what_is_missing(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed()

    refused = await funding.post(f"/cases/{signed.case_id}/tranches/1/request", "officer:o")

    assert refused.status_code == 409
    assert refused.json()["rule"] == "tranche_not_ready"
    assert "자부담 확인" in refused.json()["detail"]
    assert "own share confirmed" in refused.json()["detail_en"]


async def test_each_step_belongs_to_its_role_and_to_another_person(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"

    wrong_role = await funding.post(f"{path}/approval", "officer:o")
    await funding.post(f"{path}/request", "officer:both")
    same_person = await funding.post(f"{path}/approval", "approver:both")

    assert (wrong_role.status_code, wrong_role.json()["rule"]) == (403, "role_needed")
    assert (same_person.status_code, same_person.json()["rule"]) == (409, "three_people")
    assert await funding.status(signed) == "requested"


async def test_of_parallel_approvals_exactly_one_wins(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"
    await funding.post(f"{path}/request", "officer:o")

    answers = await asyncio.gather(*(funding.post(f"{path}/approval", f"approver:a{n}") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await funding.told("tranche.approved.v1")) == 1
    assert (await funding.balances())["payable"] == 40_000_000


async def test_of_parallel_instructions_exactly_one_reaches_the_treasury(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"
    await funding.post(f"{path}/request", "officer:o")
    await funding.post(f"{path}/approval", "approver:a")

    answers = await asyncio.gather(*(funding.post(f"{path}/instruction", f"payer:p{n}") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert await funding.count("funding", "payment") == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"amount_krw": 39_999_999}, "payment_amount"),
        ({"payment_id": uuid4()}, "payment_unknown"),
        ({"occurred_on": PAID_ON - timedelta(days=1)}, "step_backdated"),
    ],
)
async def test_what_the_treasury_says_is_checked(
    funding: Funding, changes: dict[str, Any], rule: str
) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)

    await funding.hear(paid(payment, **changes))

    assert await funding.dead() == [rule]
    assert await funding.status(signed) == "instructed"
    assert (await funding.balances())["payable"] == 40_000_000


async def test_a_second_execution_of_a_payment_is_a_dead_letter_and_pays_nothing(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)

    await funding.hear(paid(payment), paid(payment, treasury_reference="T-other"))

    assert await funding.dead() == ["payment_answered"]
    assert (await funding.balances())["disbursed"] == 40_000_000


async def test_one_treasury_reference_stands_for_one_payment(funding: Funding) -> None:
    first, second = await funding.ready_case(), await funding.agreed()
    await funding.confirm(second)
    await funding.hear(an_achievement(second))
    payments = [await funding.instructed(case) for case in (first, second)]

    await funding.hear(*(paid(payment, treasury_reference="T-1") for payment in payments))

    assert await funding.dead() == ["treasury_reference_known"]
    assert (await funding.status(first), await funding.status(second)) == ("disbursed", "instructed")


async def test_a_rejected_payment_frees_the_money_and_can_be_requested_again(funding: Funding) -> None:
    signed = await funding.ready_case()

    await funding.hear(unpaid(await funding.instructed(signed)))

    assert (await funding.balances())["committed"] == 40_000_000
    [failed] = await funding.told("tranche.failed.v1")
    assert failed["reason"] == "계좌 오류"
    await funding.hear(paid(await funding.instructed(signed)))
    assert (await funding.balances())["disbursed"] == 40_000_000
    assert len(await funding.told("tranche.ready.v1")) == 1


async def test_a_payment_without_an_answer_becomes_unconfirmed_once_and_can_still_be_answered(
    funding: Funding,
) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)
    look = {"up_to": (PAID_ON + timedelta(days=30)).isoformat()}
    headers = {"authorization": "Bearer operator:op"}

    counts = [(await funding.http.post("/deadlines", json=look, headers=headers)).json() for _ in range(2)]
    again = await funding.post(f"/cases/{signed.case_id}/tranches/1/instruction", "payer:p")
    await funding.hear(paid(payment, occurred_on=PAID_ON + timedelta(days=31)))

    assert counts == [{"unconfirmed": 1}, {"unconfirmed": 0}]
    assert again.status_code == 409
    [unconfirmed] = await funding.told("tranche.unconfirmed.v1")
    assert unconfirmed["payment_id"] == payment["payment_id"]
    assert await funding.status(signed) == "disbursed"


async def test_giving_up_frees_what_was_not_paid(funding: Funding) -> None:
    signed = await funding.ready_case()
    await funding.hear(paid(await funding.instructed(signed)))

    await funding.hear(given_up(signed))

    [released] = await funding.told("commitment.released.v1")
    assert [year["fiscal_year"] for year in released["years"]] == [2025]
    assert await funding.balances(2024) == {
        "allocated": -3_000_000_000,
        "available": 2_960_000_000,
        "committed": 0,
        "payable": 0,
        "disbursed": 40_000_000,
        "promised": -20_000_001,
        "pledged": 0,
        "evidenced": 20_000_001,
    }
    assert (await funding.balances(2025))["available"] == 3_000_000_000


async def test_giving_up_takes_back_a_pledge_that_was_not_evidenced(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed(shares_krw={"province": 40, "city": 40, "self": 20}, total_krw=100)

    await funding.hear(given_up(signed))

    balances = await funding.balances()
    assert (balances["committed"], balances["pledged"], balances["promised"]) == (0, 0, 0)
    assert [await funding.status(signed, number) for number in (1, 2)] == ["cancelled", "cancelled"]


async def test_an_approved_tranche_of_a_case_that_is_given_up_is_available_again(funding: Funding) -> None:
    signed = await funding.ready_case()
    for step, who in (("request", "officer:o"), ("approval", "approver:a")):
        await funding.post(f"/cases/{signed.case_id}/tranches/1/{step}", who)

    await funding.hear(given_up(signed))

    balances = await funding.balances()
    assert (balances["payable"], balances["committed"], balances["available"]) == (0, 0, 3_000_000_000)


async def test_an_instructed_payment_of_a_case_that_is_given_up_awaits_the_treasury(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)

    await funding.hear(given_up(signed))
    assert (await funding.balances())["payable"] == 40_000_000
    await funding.hear(unpaid(payment))

    assert (await funding.balances())["available"] == 3_000_000_000
    assert await funding.status(signed) == "cancelled"
    assert len(await funding.told("commitment.released.v1")) == 2


async def test_a_closed_business_is_paid_nothing_more(funding: Funding) -> None:
    signed = await funding.ready_case()
    await funding.post(f"/cases/{signed.case_id}/tranches/1/request", "officer:o")

    await funding.hear(closed(signed))

    refused = await funding.post(f"/cases/{signed.case_id}/tranches/1/approval", "approver:a")
    assert refused.status_code == 409
    assert "휴업·폐업" in refused.json()["detail"]
    assert [held["number"] for held in await funding.told("tranche.held.v1")] == [1, 2]


async def test_an_agreement_of_a_business_that_is_known_to_be_closed_is_held_at_once(
    funding: Funding,
) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = an_agreement()

    await funding.hear(closed(signed))
    await funding.hear(signed)

    assert [await funding.status(signed, number) for number in (1, 2)] == ["held", "held"]
    assert await funding.told("tranche.ready.v1") == []


async def test_of_two_conditions_that_come_true_at_once_the_second_sees_the_first(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed()
    database, case_id = funding.databases["funding"], signed.case_id

    async def achieve() -> None:
        async with database.transaction() as session:
            await commands.achieve_milestone(session, case_id, "start", PAID_ON)

    async with database.transaction() as session:
        await commands.confirm_self_contribution(session, case_id, 20_000_001, "통장 사본", PAID_ON)
        second = asyncio.create_task(achieve())
        await asyncio.wait([second], timeout=0.3)
        assert not second.done()
    await second

    assert await funding.status(signed) == "ready"


@pytest.mark.parametrize("closure_first", [True, False])
async def test_a_closure_and_an_agreement_at_once_cannot_miss_each_other(
    funding: Funding, closure_first: bool
) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    known = await funding.agreed()
    signed, database = an_agreement(company_id=known.company_id), funding.databases["funding"]
    steps: list[Callable[[AsyncSession], Awaitable[None]]] = [
        lambda session: commands.hold_company(session, signed.company_id, "closed", PAID_ON),
        lambda session: commands.schedule(session, signed),
    ]
    first, second = steps if closure_first else reversed(steps)

    async def follow() -> None:
        async with database.transaction() as session:
            await second(session)

    async with database.transaction() as session:
        await first(session)
        following = asyncio.create_task(follow())
        await asyncio.wait([following], timeout=0.3)
        assert not following.done()
    await following

    assert await funding.status(signed) == "held"


async def test_a_recorded_case_is_past_spending_of_its_own_year(funding: Funding) -> None:
    await funding.hear(a_publication())
    record = CaseRecorded(
        case_id=uuid4(),
        programme_id=PROGRAMME,
        system="legacy",
        record_id="G-1",
        company_name_ko="기업 G-001",
        municipality="52111",
        year_from=2019,
        year_to=2021,
        status="completed",
        amounts_krw={"province": 30, "city": 20, "self": 10},
        occurred_on=date(2021, 12, 31),
    )

    await funding.hear(record)

    assert await funding.balances(2019) == {"opening": -60, "disbursed": 50, "evidenced": 10}
    [booked] = await funding.told("past_spending.booked.v1")
    assert (booked["fiscal_year"], booked["amounts_krw"]) == (2019, {"province": 30, "city": 20, "self": 10})


async def test_a_record_without_amounts_books_nothing(funding: Funding) -> None:
    record = CaseRecorded(
        case_id=uuid4(),
        programme_id="chungnam-technopark-history",
        system="legacy",
        record_id="C-1",
        company_name_ko="기업 C-001",
        municipality="44130",
        year_from=2019,
        year_to=2021,
        status="completed",
        occurred_on=date(2021, 12, 31),
    )

    await funding.hear(record)

    assert await funding.told() == []
    assert await funding.count("funding", "parked") == 0


async def test_a_case_keeps_the_version_of_its_round_whatever_arrived_before(funding: Funding) -> None:
    one_tranche = [{"number": 1, "name_ko": "일시", "name_en": "once", "part": 1, "milestone": "start"}]
    newer = a_publication(a_definition(tranches=one_tranche), version=2)
    await funding.hear(a_publication())
    await funding.allocate()

    waiting = await funding.agreed(version=2)
    assert await funding.count("funding", "parked") == 1
    await funding.hear(newer)
    older = await funding.agreed(version=1)

    cases = [await funding.get(f"/cases/{signed.case_id}/tranches") for signed in (older, waiting)]
    assert [len(case["tranches"]) for case in cases] == [2, 1]


async def test_a_version_that_contradicts_itself_is_a_dead_letter(funding: Funding) -> None:
    await funding.hear(a_publication(), a_publication(), a_publication(a_definition(municipalities=[])))

    assert await funding.dead() == ["version_contradicts"]
    assert await funding.count("funding", "programme_version") == 1


async def test_a_second_agreement_of_a_case_is_a_dead_letter(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed()

    await funding.agreed(case_id=signed.case_id)

    assert await funding.dead() == ["agreement_known"]
    assert (await funding.balances())["committed"] == 40_000_000


async def test_a_budget_is_for_a_known_programme_and_a_positive_amount(funding: Funding) -> None:
    body = {"programme_id": "no-such", "fiscal_year": 2024, "funder": "province", "amount_krw": 1}

    unknown = await funding.post("/budgets", "officer:o", **body)
    nothing = await funding.post("/budgets", "officer:o", **(body | {"amount_krw": 0}))
    fraction = await funding.post("/budgets", "officer:o", **(body | {"amount_krw": 1.5}))

    assert (unknown.status_code, unknown.json()["rule"]) == (409, "programme_unknown")
    assert [nothing.status_code, fraction.status_code] == [422, 422]
    assert nothing.json()["errors"][0]["field"] == "amount_krw"


async def test_nothing_can_be_dated_in_the_future(funding: Funding) -> None:
    body = {"programme_id": PROGRAMME, "fiscal_year": 2024, "funder": "province", "amount_krw": 1}

    refused = await funding.post("/budgets", "officer:o", **body, occurred_on="2999-01-01")

    assert refused.status_code in {409, 422}
    assert await funding.told() == []


async def test_a_case_that_nobody_knows_is_not_found(funding: Funding) -> None:
    found = await funding.http.get(
        f"/cases/{UUID(int=0)}/tranches", headers={"authorization": "Bearer auditor:kim"}
    )

    assert (found.status_code, found.json()["rule"]) == (404, "case_unknown")
