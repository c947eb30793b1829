"""A step is sent under its own key until it succeeds; an error names step and rule."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest

from shared.messaging.cloudevents import read
from tools.demo.clients import Addresses, Clients
from tools.demo.days import Day
from tools.demo.placeholders import resolve
from tools.demo.play import Player, PlayError
from tools.demo.steps import Actor, Await, Call, Phase, Publish
from tools.demo.wire import EVENTS, to_record

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
    """A producer that records topic and value of every published event."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)

    async def send_and_wait(self, topic: str, value: bytes, **_: Any) -> None:
        self.sent.append((topic, value))


def a_player(
    *responses: httpx.Response | Exception, timeout_seconds: float = 5
) -> tuple[Player, list[httpx.Request]]:
    """Return a player that gets these responses in turn, the last one for ever, and the list of its requests."""
    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        response = responses[min(len(requests), len(responses)) - 1]
        if isinstance(response, Exception):
            raise response
        return response

    return _player(respond, timeout_seconds), requests


def _player(respond: Callable[[httpx.Request], httpx.Response], timeout_seconds: float) -> Player:
    http = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    addresses = Addresses({"funding": "http://funding"}, "kafka", lambda subject, role: f"{role}:{subject}")
    broker: Any = Broker()
    return Player(Clients(addresses, http, broker), timeout_seconds=timeout_seconds)


def a_call(**fields: Any) -> Call:
    return Call(
        **{"key": "x/request", "service": "funding", "path": "/cases/1/x", "actor": OFFICER, **fields}
    )


def success(**body: Any) -> httpx.Response:
    return httpx.Response(201, json=body)


def refused(status: int = 409) -> httpx.Response:
    return httpx.Response(status, json=PROBLEM, headers={"Retry-After": "1"} if status == 409 else {})


async def test_step_is_sent_under_its_key_by_its_actor() -> None:
    player, requests = a_player(success())

    await player.play_step(a_call(body={"reason": "없음"}))

    assert requests[0].headers["idempotency-key"] == "demo/x/request"
    assert requests[0].headers["authorization"] == "Bearer officer:officer-1"
    assert requests[0].content == '{"reason":"없음"}'.encode()


async def test_second_play_sends_the_same_bytes() -> None:
    player, requests = a_player(success())

    await player.play_step(a_call(body={"b": 1, "a": 2}))
    await player.play_step(a_call(body={"b": 1, "a": 2}))

    assert requests[0].content == requests[1].content
    assert requests[0].headers["idempotency-key"] == requests[1].headers["idempotency-key"]


@pytest.mark.parametrize("first", [refused(409), refused(404), refused(503), httpx.ConnectError("away")])
async def test_step_that_is_not_ready_is_retried(first: httpx.Response | Exception) -> None:
    player, requests = a_player(first, success(case_id="c-1"))

    await player.play_step(a_call(capture={"case:x": "case_id"}))

    assert len(requests) == 2
    assert player.captured == {"case:x": "c-1"}


async def test_broken_rule_ends_the_play_at_once() -> None:
    player, requests = a_player(httpx.Response(409, json=PROBLEM), success())

    with pytest.raises(PlayError, match="x/request: 409 case_unknown"):
        await player.play_step(a_call())
    assert len(requests) == 1


async def test_timeout_error_names_the_step_and_the_rule() -> None:
    player, _ = a_player(refused(), timeout_seconds=0)

    with pytest.raises(PlayError, match=r"x/request: 0초.*case_unknown: 아직 없습니다"):
        await player.play_step(a_call())


@pytest.mark.parametrize("status", [401, 403, 422, 500])
async def test_any_other_refusal_ends_the_play_at_once(status: int) -> None:
    player, requests = a_player(refused(status), success())

    with pytest.raises(PlayError, match=f"x/request: {status} case_unknown"):
        await player.play_step(a_call())

    assert len(requests) == 1


async def test_unexpected_response_ends_the_play() -> None:
    player, _ = a_player(success(selected=69))

    with pytest.raises(PlayError, match="selected should be 70, not 69"):
        await player.play_step(a_call(expect={"selected": 70}))


async def test_await_polls_until_the_condition_holds_and_captures_the_id() -> None:
    before, after = success(cases=[]), success(cases=[{"case_id": "c-9", "programme_id": "p"}])
    player, requests = a_player(before, after)
    parameters = {"capture_as": "case:p/A-037", "programme_id": "p"}

    await player.play_step(
        Await("p/opened", "funding", "/me/cases", OFFICER, "own_case", parameters, "과제", "the case")
    )

    assert [request.method for request in requests] == ["GET", "GET"]
    assert player.captured == {"case:p/A-037": "c-9"}


async def test_no_step_is_played_after_a_failed_one() -> None:
    player, requests = a_player(refused(422))
    phase = Phase("단계", "phase", [[a_call(), a_call(key="x/second")]])

    with pytest.raises(PlayError):
        await player.play_days([Day(date(2024, 8, 1), [phase])], lambda done, total: None)

    assert len(requests) == 1


def test_text_that_is_one_placeholder_becomes_the_captured_value_with_its_type() -> None:
    captured = {"amount:x": 5, "case:x": "c-1"}

    assert resolve({"krw": "{amount:x}", "path": "/cases/{case:x}/y"}, captured) == {
        "krw": 5,
        "path": "/cases/c-1/y",
    }


def test_unknown_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError):
        resolve("/cases/{case:unknown}", {})


async def test_other_systems_event_is_published_with_captured_values() -> None:
    player, _ = a_player(success())
    player.captured |= {"payment:x": "01930000-0000-7000-8000-000000000001", "amount:x": 40_000_000}

    await player.play_step(Publish("x/treasury", "treasury.payment_executed.v1", PAID))

    broker: Any = player.clients.producer
    [(topic, value)] = broker.sent
    assert topic == "ieum.external.treasury"
    assert b'"amount_krw":40000000' in value


def test_event_played_twice_has_the_same_id_and_bytes() -> None:
    data = PAID | {"payment_id": "01930000-0000-7000-8000-000000000001", "amount_krw": 1}

    first, second = (to_record("x/treasury", "treasury.payment_executed.v1", data) for _ in range(2))
    other = to_record("y/treasury", "treasury.payment_executed.v1", data)

    assert first == second
    assert first.headers != other.headers


def test_published_record_is_a_cloudevent() -> None:
    data = PAID | {"payment_id": "01930000-0000-7000-8000-000000000001", "amount_krw": 1}
    published = to_record("x/treasury", "treasury.payment_executed.v1", data)

    envelope, _ = read(published.headers, published.value)

    assert envelope.source == "/external/treasury"
    assert envelope.type == "kr.ieum.treasury.payment_executed.v1"
    assert envelope.subject.encode() == published.key


def test_every_external_event_can_be_published() -> None:
    assert "legacy.case_recorded.v1" in EVENTS
    assert len(EVENTS) == 6
