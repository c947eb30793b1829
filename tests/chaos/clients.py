"""A client's course from its registration to its payments, with everything done twice."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

import httpx

from tests.chaos.client_plans import ClientPlan
from tests.chaos.programme import (
    APPLIED_ON,
    CRITERIA,
    ENDS_ON,
    GIVEN_UP_LATE_ON,
    GIVEN_UP_ON,
    INSTRUCTED_ON,
    OFFICE,
    PAID_ON,
    REQUESTED_ON,
    REVIEWED_ON,
    REVIEWERS,
    SCREENED_ON,
    SECOND_APPROVER,
    SELECTED_ON,
    SIGNED_ON,
    Programme,
)
from tests.chaos.recording import RecordingClients, Request
from tools.demo.randomness import split_in_proportion
from tools.demo.steps import Actor
from tools.demo.wire import to_record

HANG_UP_SECONDS = 0.02
LOOK_SECONDS = 0.3
Json = dict[str, Any]
Begin = Callable[[str, date], None]


class RequestRefused(Exception):
    """Refusal of a request that must be accepted; the message names it and the reason."""


@dataclass
class Client:
    """One company and the officials who handle it. `begin(case, on)` starts the course of a promoted company."""

    clients: RecordingClients
    programme: Programme
    plan: ClientPlan
    company_id: str = ""
    case_id: str = ""
    sign_on: date = SIGNED_ON

    @property
    def name(self) -> str:
        return f"{self.plan.number:02d}"

    @property
    def company(self) -> Actor:
        return Actor(self.company_id, "company")

    def key(self, step: str) -> str:
        return f"chaos/{self.programme.seed}/{self.name}/{step}"

    def on(self, planned: date) -> str:
        """Return the planned date, or a later one for a company that was promoted later."""
        return f"{max(planned, self.sign_on)}"

    async def ask(
        self, step: str, service: str, path: str, actor: Actor, body: Json, *, method: str = "POST"
    ) -> httpx.Response:
        return await self.clients.ask(method, service, path, actor, key=self.key(step), body=body)

    async def must(
        self, step: str, service: str, path: str, actor: Actor, body: Json, *, method: str = "POST"
    ) -> Json:
        return accepted(self.key(step), await self.ask(step, service, path, actor, body, method=method))

    # Until the selection.

    async def apply(self) -> None:
        plan = self.plan
        known = {
            "business_number": plan.business_number(self.programme.seed),
            "name_ko": f"기업 F-{self.name}",
        }
        body = known | {"municipality": plan.city, "occurred_on": f"{APPLIED_ON}"}
        answer = await self.must("register", "applications", "/companies", OFFICE.officer, body)
        self.company_id = answer["company_id"]
        contact = {
            "email": f"f-{self.name}@company.example.com",
            "phone": plan.phone,
            "language": plan.language,
        }
        path = f"/recipients/{self.company_id}"
        await self.must("recipient", "notifications", path, self.company, contact, method="PUT")
        await self.submit()

    async def submit(self) -> None:
        """Submit once, or several times at once; the same key always gets the same case, another key none."""
        body = {
            "round_id": self.programme.round_id,
            "company_id": self.company_id,
            "track": self.plan.track,
            "total_krw": self.plan.total_krw,
            "occurred_on": f"{APPLIED_ON}",
        }
        keys = ["apply"] * self.plan.clicks + [f"apply-again-{n}" for n in range(self.plan.other_keys)]
        clicks = [self.ask(key, "applications", "/applications", self.company, body) for key in keys]
        gone = [self.hang_up("apply", body), self.hang_up("apply-gone", body)] if self.plan.hangs_up else []
        answers = await asyncio.gather(*clicks, *gone)
        cases = {one.json()["case_id"] for one in answers if one is not None and one.is_success}
        self.case_id = cases.pop() if cases else await self.find_case()

    async def hang_up(self, step: str, body: Json) -> httpx.Response | None:
        request = Request("POST", "applications", "/applications", self.company, self.key(step), body)
        return await self.clients.hang_up(request, HANG_UP_SECONDS)

    async def find_case(self) -> str:
        """Return the case whose submission was accepted while nobody waited for the answer."""
        answer = await self.clients.ask("GET", "applications", "/me/cases", self.company)
        [case] = accepted(self.key("own-case"), answer)["cases"]
        return str(case["case_id"])

    async def be_reviewed(self) -> None:
        reasons = [] if self.plan.eligible else ["공장이 아님"]
        body = {"eligible": self.plan.eligible, "reasons": reasons, "occurred_on": f"{SCREENED_ON}"}
        await self.must("screen", "applications", f"/cases/{self.case_id}/screening", OFFICE.officer, body)
        if self.plan.eligible:
            given = zip(REVIEWERS, scores(self.plan), strict=True)
            await asyncio.gather(*(self.review(actor, points) for actor, points in given))

    async def review(self, actor: Actor, points: dict[str, int]) -> None:
        step, body = f"review-{actor.subject}", {"scores": points, "occurred_on": f"{REVIEWED_ON}"}
        await self.must(step, "applications", f"/cases/{self.case_id}/reviews", actor, body)

    # With an award.

    async def continue_with_award(self, on: date, begin: Begin) -> None:
        self.sign_on = max(SIGNED_ON, on) if on > SELECTED_ON else SIGNED_ON
        if self.plan.gives_up == "before":
            return await self.abandon(GIVEN_UP_ON, begin)
        await self.sign()
        if self.plan.gives_up == "after":
            return await self.abandon(GIVEN_UP_LATE_ON, begin)
        await self.receive_tranche(1, "start", REQUESTED_ON)
        if self.plan.gives_up == "paid":
            await self.wait_for_status(1, "disbursed")
            return await self.abandon(PAID_ON, begin)
        if self.plan.completes:
            await self.receive_tranche(2, "end", PAID_ON)
        return None

    async def abandon(self, on: date, begin: Begin) -> None:
        """Abandon the case; the next company on the waiting list is promoted."""
        day = date.fromisoformat(self.on(on)) if on > GIVEN_UP_ON else on
        body = {"reason": "사정이 바뀜", "occurred_on": f"{day}"}
        path = f"/cases/{self.case_id}/abandonment"
        answer = await self.must("leave", "applications", path, self.company, body)
        if answer["promoted"] is not None:
            begin(answer["promoted"], day)

    async def sign(self) -> None:
        """Sign the agreement."""
        on = self.on(SIGNED_ON)
        body = {"total_krw": self.plan.total_krw, "starts_on": on, "ends_on": f"{ENDS_ON}", "occurred_on": on}
        path = f"/cases/{self.case_id}/agreement"
        signed = await self.must("sign", "applications", path, OFFICE.officer, body)
        self.own_krw = signed["shares_krw"]["self"]

    async def receive_tranche(self, number: int, milestone: str, on: date) -> None:
        if number == 1:
            own = {"amount_krw": self.own_krw, "evidence": "통장 사본", "occurred_on": self.on(on)}
            path = f"/cases/{self.case_id}/self-contribution"
            await self.must("contribute", "funding", path, OFFICE.officer, own)
        await self.achieve(milestone, on)
        if number == 1 and self.plan.is_rejected_first:
            rejected = await self.instruct(number, on, "first")
            await self.treasury_answers(f"{number}/rejected", "rejected", rejected, reason="예금주 불일치")
            await self.wait_for_status(number, "ready")
            on = INSTRUCTED_ON
        await self.confirm(number, await self.instruct(number, on))

    async def achieve(self, milestone: str, on: date) -> None:
        body = {"evidence": f"report-{self.name}-{milestone}", "occurred_on": self.on(on)}
        path = f"/cases/{self.case_id}/milestones/{milestone}"
        await self.must(f"report-{milestone}", "monitoring", f"{path}/report", self.company, body)
        await self.must(f"achieve-{milestone}", "monitoring", f"{path}/achievement", OFFICE.officer, body)

    async def instruct(self, number: int, on: date, turn: str = "") -> Json:
        path, day = f"/cases/{self.case_id}/tranches/{number}", {"occurred_on": self.on(on)}
        step = f"{number}{turn}"
        await self.must(f"request-{step}", "funding", f"{path}/request", OFFICE.officer, day)
        await self.approve(f"approve-{step}", f"{path}/approval", day)
        late = {"occurred_on": self.on(max(on, INSTRUCTED_ON))}
        return await self.must(f"instruct-{step}", "funding", f"{path}/instruction", OFFICE.payer, late)

    async def approve(self, step: str, path: str, body: Json) -> None:
        """Approve as two people at once, of whom one succeeds; later each again, with the same key and with another."""
        both = [(step, OFFICE.approver), (f"{step}-other", SECOND_APPROVER)]
        answers = await asyncio.gather(*(self.ask(key, "funding", path, actor, body) for key, actor in both))
        if sum(answer.is_success for answer in answers) != 1:
            raise RequestRefused(f"{self.key(step)}: {[answer.text[:200] for answer in answers]}")
        again = [*both, (f"{step}-later", OFFICE.approver)]
        await asyncio.gather(*(self.ask(key, "funding", path, actor, body) for key, actor in again))

    async def confirm(self, number: int, payment: Json) -> None:
        """Answer the payment with the same event twice, then with another one."""
        reference = f"T-{payment['payment_id']}"
        fields = {"amount_krw": payment["amount_krw"], "treasury_reference": reference}
        await self.treasury_answers(f"{number}/paid", "executed", payment, **fields)
        await asyncio.gather(
            self.treasury_answers(f"{number}/paid", "executed", payment, **fields),
            self.treasury_answers(
                f"{number}/paid-again",
                "executed",
                payment,
                **fields | {"treasury_reference": f"{reference}-2"},
            ),
        )

    async def treasury_answers(self, step: str, word: str, payment: Json, **fields: Any) -> None:
        on = self.on(PAID_ON if word == "executed" else INSTRUCTED_ON)
        data = {"payment_id": payment["payment_id"], "occurred_on": on, **fields}
        await self.clients.publish(to_record(self.key(step), f"treasury.payment_{word}.v1", data))

    async def wait_for_status(self, number: int, status: str) -> None:
        """Wait until the tranche has the status."""
        async with asyncio.timeout(self.clients.limit_seconds):
            while await self.status_of(number) != status:  # noqa: ASYNC110  it happens in another process
                await asyncio.sleep(LOOK_SECONDS)

    async def status_of(self, number: int) -> str:
        path = f"/cases/{self.case_id}/tranches"
        answer = accepted(path, await self.clients.ask("GET", "funding", path, OFFICE.officer))
        return next(str(one["status"]) for one in answer["tranches"] if one["number"] == number)


def scores(plan: ClientPlan) -> list[dict[str, int]]:
    """Return each reviewer's scores; they add up to three times the mean."""
    offsets = Random(plan.number).sample([-3, 0, 3], 3)
    return [split_in_proportion(plan.mean + offset, CRITERIA) for offset in offsets]


def accepted(key: str, response: httpx.Response) -> Json:
    if not response.is_success:
        raise RequestRefused(f"{key}: {response.status_code} {response.text[:300]}")
    content: Json = response.json()
    return content


def run_together(courses: list[Client], begins: list[tuple[str, date]]) -> Coroutine[Any, Any, None]:
    """Run the courses of all companies with an award, and of those promoted meanwhile."""
    by_case = {one.case_id: one for one in courses}

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:

            def begin(case_id: str, on: date) -> None:
                tasks.create_task(by_case[case_id].continue_with_award(on, begin))

            for case_id, on in begins:
                begin(case_id, on)

    return run()
