"""A step is asked under its own key until it is done; what cannot be done is said by step and rule."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from shared.messaging.cloudevents import read
from tools.demo.clients import Addresses, Clients
from tools.demo.placeholders import resolve
from tools.demo.play import Player, PlayError
from tools.demo.steps import Actor, Await, Call, Chapter, Publish
from tools.demo.wire import EVENTS, record

OFFICER = Actor("officer-1", "officer")
PROBLEM = {"rule": "case_unknown", "detail": "아직 없습니다.", "detail_en": "Not there yet."}
PAID = {
    "payment_id": "{payment:x}",
    "amount_krw": "{amount:x}",
    "treasury_reference": "T-1",
    "occurred_on": "2024-08-01",
}


@dataclass
class Broker:
    """Keeps what was published."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)

    async def send_and_wait(self, topic: str, value: bytes, **_: Any) -> None:
        self.sent.append((topic, value))


def a_player(
    *answers: httpx.Response | Exception, patience_seconds: float = 5
) -> tuple[Player, list[httpx.Request]]:
    """Gets these answers in turn, the last one for ever."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = answers[min(len(asked), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    return _player(answer, patience_seconds), asked


def _player(answer: Callable[[httpx.Request], httpx.Response], patience_seconds: float) -> Player:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    addresses = Addresses({"funding": "http://funding"}, "kafka", lambda subject, role: f"{role}:{subject}")
    broker: Any = Broker()
    return Player(Clients(addresses, http, broker), patience_seconds)


def a_call(**fields: Any) -> Call:
    return Call(
        **{"key": "x/request", "service": "funding", "path": "/cases/1/x", "actor": OFFICER, **fields}
    )


def done(**answer: Any) -> httpx.Response:
    return httpx.Response(201, json=answer)


def refused(status: int = 409) -> httpx.Response:
    return httpx.Response(status, json=PROBLEM, headers={"Retry-After": "1"} if status == 409 else {})


async def test_a_step_is_asked_under_its_key_by_its_actor() -> None:
    player, asked = a_player(done())

    await player.step(a_call(body={"reason": "없음"}))

    assert asked[0].headers["idempotency-key"] == "demo/x/request"
    assert asked[0].headers["authorization"] == "Bearer officer:officer-1"
    assert asked[0].content == '{"reason":"없음"}'.encode()


async def test_a_second_play_asks_with_the_same_bytes() -> None:
    player, asked = a_player(done())

    await player.step(a_call(body={"b": 1, "a": 2}))
    await player.step(a_call(body={"b": 1, "a": 2}))

    assert asked[0].content == asked[1].content
    assert asked[0].headers["idempotency-key"] == asked[1].headers["idempotency-key"]


@pytest.mark.parametrize("first", [refused(409), refused(404), refused(503), httpx.ConnectError("away")])
async def test_what_is_not_there_yet_is_asked_again(first: httpx.Response | Exception) -> None:
    player, asked = a_player(first, done(case_id="c-1"))

    await player.step(a_call(keep={"case:x": "case_id"}))

    assert len(asked) == 2
    assert player.memory == {"case:x": "c-1"}


async def test_what_breaks_a_rule_ends_the_play_at_once() -> None:
    player, asked = a_player(httpx.Response(409, json=PROBLEM), done())

    with pytest.raises(PlayError, match="x/request: 409 case_unknown"):
        await player.step(a_call())
    assert len(asked) == 1


async def test_patience_ends_with_the_step_and_the_rules_own_words() -> None:
    player, _ = a_player(refused(), patience_seconds=0)

    with pytest.raises(PlayError, match=r"x/request: 0초.*case_unknown: 아직 없습니다"):
        await player.step(a_call())


@pytest.mark.parametrize("status", [401, 403, 422, 500])
async def test_any_other_refusal_ends_the_play_at_once(status: int) -> None:
    player, asked = a_player(refused(status), done())

    with pytest.raises(PlayError, match=f"x/request: {status} case_unknown"):
        await player.step(a_call())

    assert len(asked) == 1


async def test_an_answer_that_is_not_as_expected_ends_the_play() -> None:
    player, _ = a_player(done(selected=69))

    with pytest.raises(PlayError, match="selected should be 70, not 69"):
        await player.step(a_call(expect={"selected": 70}))


async def test_waiting_looks_until_it_is_so_and_keeps_what_it_found() -> None:
    none, one = done(cases=[]), done(cases=[{"case_id": "c-9", "programme_id": "p"}])
    player, asked = a_player(none, one)
    wanted = {"keep": "case:p/A-037", "programme_id": "p"}

    await player.step(
        Await("p/opened", "funding", "/me/cases", OFFICER, "own_case", wanted, "과제", "the case")
    )

    assert [request.method for request in asked] == ["GET", "GET"]
    assert player.memory == {"case:p/A-037": "c-9"}


async def test_nothing_else_is_played_once_a_step_has_failed() -> None:
    player, asked = a_player(refused(422))
    chapter = Chapter("장", "chapter", [[a_call(), a_call(key="x/second")]])

    with pytest.raises(PlayError):
        await player.chapter(chapter, lambda done, total: None)

    assert len(asked) == 1


def test_a_text_that_is_one_name_becomes_what_was_kept_type_and_all() -> None:
    memory = {"amount:x": 5, "case:x": "c-1"}

    assert resolve({"krw": "{amount:x}", "path": "/cases/{case:x}/y"}, memory) == {
        "krw": 5,
        "path": "/cases/c-1/y",
    }


def test_an_unknown_name_is_an_error_not_a_text() -> None:
    with pytest.raises(KeyError):
        resolve("/cases/{case:nobody}", {})


async def test_another_systems_event_is_published_with_what_was_kept() -> None:
    player, _ = a_player(done())
    player.memory |= {"payment:x": "01930000-0000-7000-8000-000000000001", "amount:x": 40_000_000}

    await player.step(Publish("x/treasury", "treasury.payment_executed.v1", PAID))

    broker: Any = player.clients.producer
    [(topic, value)] = broker.sent
    assert topic == "ieum.external.treasury"
    assert b'"amount_krw":40000000' in value


def test_an_event_played_twice_is_the_same_event() -> None:
    data = PAID | {"payment_id": "01930000-0000-7000-8000-000000000001", "amount_krw": 1}

    one, again = (record("x/treasury", "treasury.payment_executed.v1", data) for _ in range(2))
    other = record("y/treasury", "treasury.payment_executed.v1", data)

    assert one == again
    assert one.headers != other.headers


def test_what_goes_onto_the_topic_reads_as_a_cloudevent() -> None:
    data = PAID | {"payment_id": "01930000-0000-7000-8000-000000000001", "amount_krw": 1}
    made = record("x/treasury", "treasury.payment_executed.v1", data)

    envelope, _ = read(made.headers, made.value)

    assert envelope.source == "/external/treasury"
    assert envelope.type == "kr.ieum.treasury.payment_executed.v1"
    assert envelope.subject.encode() == made.key


def test_every_external_event_can_be_told() -> None:
    assert "legacy.case_recorded.v1" in EVENTS
    assert len(EVENTS) == 6
