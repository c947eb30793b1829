"""The workload decides by its seed alone, is patient, and writes down what it was answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import RecordMetadata

from services.applications.selection.domain import Candidate, Exclusion, Scorecard, decide
from services.funding.payments.domain import answer_due
from shared.events.definition import Definition
from tests.chaos import programme as dates
from tests.chaos.client_plans import plans, quota
from tests.chaos.clients import scores
from tests.chaos.history import History, Operation, digest, read, what_of
from tests.chaos.programme import INSTRUCTED_ON, REVIEWERS, Programme
from tests.chaos.recording import RecordingClients, Request
from tools.demo.clients import Addresses
from tools.demo.settings import load_settings
from tools.demo.steps import Actor
from tools.demo.wire import to_record

OFFICER = Actor("officer-1", "officer")
Answers = list[httpx.Response | Exception]


@dataclass
class Broker:
    """Broker that takes a record, or raises the given error."""

    fails: list[Exception] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    async def send_and_wait(self, topic: str, value: bytes, **other: Any) -> RecordMetadata:
        self.taken.append(value)
        if self.fails:
            raise self.fails.pop(0)
        return RecordMetadata(topic, 2, None, 7, 0, 0, 0)


def answering(answers: Answers, asked: list[httpx.Request]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return answer


@asynccontextmanager
async def clients(
    file: Path, answers: Answers, broker: Broker | None = None, limit_seconds: float = 30
) -> AsyncIterator[tuple[RecordingClients, list[httpx.Request]]]:
    asked: list[httpx.Request] = []
    addresses = Addresses({"funding": "http://funding"}, "kafka", lambda subject, role: f"{role}:{subject}")
    transport = httpx.MockTransport(answering(answers, asked))
    async with httpx.AsyncClient(transport=transport) as http:
        made = RecordingClients(
            addresses, http, broker or Broker(), history=History(file), limit_seconds=limit_seconds
        )
        yield made, asked


async def approve(at: RecordingClients) -> httpx.Response:
    path = "/cases/case-1/tranches/1/approval"
    return await at.ask("POST", "funding", path, OFFICER, key="k", body={"amount_krw": 1, "email": "a@b"})


# Plans.


def test_the_same_seed_gives_the_same_plans_and_another_one_others() -> None:
    assert plans(1, 20) == plans(1, 20)
    assert plans(1, 20) != plans(2, 20)


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_has_every_kind_of_client(seed: int) -> None:
    made = plans(seed, 20)

    assert {one.gives_up for one in made} == {"never", "before", "after", "paid"}
    assert sum(not one.eligible for one in made) == 2
    assert any(one.clicks > 1 for one in made)
    assert any(one.other_keys for one in made)


def test_no_two_clients_of_a_hundred_seeds_share_a_business_number() -> None:
    numbers = [one.business_number(seed) for seed in range(100) for one in plans(seed, 20)]

    assert len(set(numbers)) == len(numbers)


def test_few_clients_are_enough_for_a_round() -> None:
    made = plans(1, 4)

    assert quota(made) == {"machines": 1, "software": 1}
    assert sum(one.eligible for one in made) == 2


@pytest.mark.parametrize("seed", range(20))
def test_companies_that_withdraw_are_among_the_selected(seed: int) -> None:
    made = plans(seed, 20)
    rule = Definition.model_validate(Programme(seed).definition()).review
    assert rule is not None
    candidates = [
        Candidate(
            case_id=f"{one.number:02d}",  # type: ignore[arg-type]  # only compared
            receipt_number="",
            business_number=one.business_number(seed),
            quota_key=one.track,
            reviews=[Scorecard(given) for given in scores(one)],
            exclusion=None if one.eligible else Exclusion("ineligible"),
        )
        for one in made
    ]

    selected = {
        str(one.case_id) for one in decide(candidates, rule, quota(made)) if one.outcome == "selected"
    }

    assert {f"{one.number:02d}" for one in made if one.gives_up != "never"} <= selected
    assert len(selected) == sum(quota(made).values())


def test_the_clients_leave_the_demos_deadlines_as_they_are() -> None:
    """No payment of theirs is late on the demo's business date, and no milestone is within thirty days."""
    ends_on = load_settings().business_date
    definition = Definition.model_validate(Programme(1).definition())

    assert answer_due(INSTRUCTED_ON) >= ends_on
    assert min(rule.after_months for rule in definition.milestones) >= 2
    assert all(
        day <= ends_on for day in vars(dates).values() if isinstance(day, date) and day != dates.ENDS_ON
    )


def test_three_reviewers_give_a_plans_mean() -> None:
    for one in plans(5, 20):
        assert sum(sum(given.values()) for given in scores(one)) == len(REVIEWERS) * one.mean


# Patience.


async def test_a_request_is_sent_again_with_its_key_until_it_is_answered(tmp_path: Path) -> None:
    answers: Answers = [
        httpx.ConnectError("away"),
        httpx.Response(503),
        httpx.Response(409, headers={"retry-after": "1"}, json={"rule": "case_unknown"}),
        httpx.Response(200, json={"status": "approved"}),
    ]

    async with clients(tmp_path / "history", answers) as (at, asked):
        await approve(at)

    [done] = read(tmp_path / "history")
    assert (done.outcome, done.status, done.attempts, done.result) == ("ok", 200, 4, {"status": "approved"})
    assert {request.headers["idempotency-key"] for request in asked} == {"k"}
    assert {request.headers["x-correlation-id"] for request in asked} == {done.id}
    assert len({request.content for request in asked}) == 1


async def test_a_refusal_is_written_with_its_rule(tmp_path: Path) -> None:
    async with clients(tmp_path / "history", [httpx.Response(409, json={"rule": "tranche_step"})]) as (at, _):
        await approve(at)

    [done] = read(tmp_path / "history")
    assert (done.outcome, done.rule, done.what, done.actor) == (
        "refused",
        "tranche_step",
        "cases/approval",
        "officer-1",
    )


async def test_unanswered_request_is_unknown_and_raises(tmp_path: Path) -> None:
    answers: Answers = [httpx.ConnectError("away")]

    async with clients(tmp_path / "history", answers, limit_seconds=0) as (at, _):
        with pytest.raises(httpx.ConnectError):
            await approve(at)

    [done] = read(tmp_path / "history")
    assert (done.outcome, done.status, done.answered_at) == ("unknown", None, None)


async def test_server_error_leaves_outcome_unknown(tmp_path: Path) -> None:
    async with clients(tmp_path / "history", [httpx.Response(500)], limit_seconds=0) as (at, _):
        await approve(at)

    [done] = read(tmp_path / "history")
    assert (done.outcome, done.status) == ("unknown", 500)


async def test_timeout_leaves_outcome_unknown(tmp_path: Path) -> None:
    async def late(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits that long")

    async with (
        clients(tmp_path / "history", []) as (at, _),
        httpx.AsyncClient(transport=httpx.MockTransport(late)) as http,
    ):
        at.http = http
        request = Request("POST", "funding", "/budgets", OFFICER, "k", {"amount_krw": 1})
        answer = await at.hang_up(request, after_seconds=0.01)

    [done] = read(tmp_path / "history")
    assert (answer, done.outcome, done.attempts) == (None, "unknown", 1)


async def test_contacts_stay_out_of_the_history(tmp_path: Path) -> None:
    async with clients(tmp_path / "history", [httpx.Response(200, json={})]) as (at, asked):
        await approve(at)

    [done] = read(tmp_path / "history")
    assert b"a@b" in asked[0].content
    assert done.body == {"amount_krw": 1}


async def test_event_is_published_until_acknowledged_and_written_with_its_position(tmp_path: Path) -> None:
    broker = Broker(fails=[KafkaTimeoutError()])
    body = {"payment_id": "019cf0d2-0000-7000-8000-000000000001", "reason": "예금주 불일치"}
    event = to_record("step", "treasury.payment_rejected.v1", body | {"occurred_on": "2025-01-16"})

    async with clients(tmp_path / "history", [], broker) as (at, _):
        await at.publish(event)

    [done] = read(tmp_path / "history")
    assert (done.kind, done.outcome, done.topic, done.partition, done.offset) == (
        "event",
        "ok",
        "ieum.external.treasury",
        2,
        7,
    )
    assert broker.taken == [event.value, event.value]


# The history.


def test_half_written_line_is_skipped(tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    history.write(Operation("command", "1", "budgets"))

    with history.file.open("ab") as out:
        out.write(b'{"kind": "comm')

    assert [one.id for one in read(history.file)] == ["1"]


def test_poison_record_is_written_with_its_position_and_rule(tmp_path: Path) -> None:
    history = History(tmp_path / "history")

    history.poisoned("ieum.funding", 3, 9, "malformed")

    [one] = read(history.file)
    assert (one.kind, one.topic, one.partition, one.offset, one.rule) == (
        "poison",
        "ieum.funding",
        3,
        9,
        "malformed",
    )


def test_command_is_named_by_its_path_without_ids() -> None:
    paths = ("/budgets", "/recipients/1f", "/cases/1f/tranches/1/approval", "/programmes/proposals")

    assert [what_of(path) for path in paths] == [
        "budgets",
        "recipients",
        "cases/approval",
        "programmes/proposals",
    ]


def test_the_same_answer_has_the_same_digest() -> None:
    assert digest(b"{}") == digest(b"{}") != digest(b"{ }")
