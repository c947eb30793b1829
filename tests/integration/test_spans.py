"""Spans of requests, handlers and folds: whose they are, what they tell, and that there are none while traces are off."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from httpx import ASGITransport, AsyncClient
from opentelemetry.trace import StatusCode
from sqlalchemy import MetaData

from shared.config import Settings
from shared.errors import RuleBroken
from shared.events.funding import FundingRecordDeadLettered
from shared.messaging.spans import folding, publishing
from shared.observability import tracing
from shared.observability.logs import add_trace_id, correlation
from shared.observability.tracing import SpanKind
from shared.service import Service
from tests.builders import a_selection, sealed
from tests.databases import Databases
from tests.integration.probe import Probe
from tests.system import System
from tests.tracing import said, traced

SELECTED = "handle kr.ieum.company.selected.v1"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RECORDED, UNRECORDED = (f"00-{TRACE}-00f067aa0ba902b7-{flags}" for flags in ("01", "00"))

in_memory = pytest.mark.parametrize("system", ["memory"], indirect=True)


@in_memory
async def test_a_records_trace_goes_on_in_its_handler_and_in_what_it_gives_out(
    system: System, probe: Probe
) -> None:
    with traced() as seen:
        await system.send(**sealed(a_selection(), traceparent=RECORDED))
        await system.settle()

    span = seen.named(SELECTED)
    [event] = await system.rows("funding", "event_log")
    assert f"{span.context.trace_id:032x}" == TRACE
    assert event["attributes"]["traceparent"] == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert said(span)["messaging.destination.name"] == "ieum.applications"
    assert said(span)["messaging.kafka.offset"] == 0


@in_memory
async def test_a_trace_that_is_not_recorded_stays_so_all_the_way(system: System, probe: Probe) -> None:
    with traced() as seen:
        await system.send(**sealed(a_selection(), traceparent=UNRECORDED))
        await system.settle()

    [event] = await system.rows("funding", "event_log")
    assert seen.spans == ()
    assert (event["attributes"]["traceparent"][3:35], event["attributes"]["traceparent"][-2:]) == (
        TRACE,
        "00",
    )


@in_memory
async def test_a_broken_traceparent_begins_a_trace_and_harms_nothing(system: System, probe: Probe) -> None:
    with traced() as seen:
        await system.send(**sealed(a_selection(), traceparent="somebody's own idea"))
        await system.settle()

    assert (len(probe.heard), seen.named(SELECTED).parent) == (1, None)


@in_memory
async def test_a_second_delivery_is_seen_as_one(system: System, probe: Probe) -> None:
    record = sealed(a_selection(), traceparent=RECORDED)

    with traced() as seen:
        await system.send(**record)
        await system.send(**record)
        await system.settle()

    outcomes = [said(one).get("ieum.outcome") for one in seen.spans if one.name == SELECTED]
    assert outcomes == [None, "duplicate"]


@in_memory
async def test_what_fails_is_named_by_its_rule_and_its_words_stay_here(system: System, probe: Probe) -> None:
    def refuse(event: Any) -> None:
        raise RuleBroken("rule_of_test", ko="홍길동", en="kim@example.com")

    probe.before = refuse
    with traced() as seen:
        await system.send(**sealed(a_selection(), traceparent=RECORDED))
        await system.settle()

    span = seen.named(SELECTED)
    assert (said(span)["error.type"], span.status.status_code) == ("rule_of_test", StatusCode.ERROR)
    assert (span.events, span.status.description) == ((), None)


@pytest.fixture
def app(databases: Databases, settings: Settings) -> Any:
    """Two routes: what led here, and a fault."""
    router = APIRouter()
    router.add_api_route("/causes/{name}", told_cause)
    router.add_api_route("/faults", fault)
    service = Service("funding", "t", MetaData(), FundingRecordDeadLettered, [router])
    return service.app(databases["funding"], settings, [], serves_api=True)


async def told_cause(name: str) -> dict[str, str]:
    return correlation()


async def fault() -> None:
    raise ZeroDivisionError


@pytest.fixture
def client(app: Any) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://funding")


async def test_a_request_goes_on_with_its_callers_trace(client: AsyncClient) -> None:
    with traced() as seen:
        answer = await client.get("/causes/kim", headers={"traceparent": RECORDED})

    span = seen.named("HTTP GET /causes/{name}")
    assert answer.json()["traceparent"] == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert (span.kind, said(span)["http.response.status_code"]) == (SpanKind.SERVER, 200)
    assert "kim" not in str(said(span))


async def test_a_fault_is_an_error_of_its_span(client: AsyncClient) -> None:
    with traced() as seen:
        answer = await client.get("/faults")

    span = seen.named("HTTP GET /faults")
    assert (answer.status_code, span.status.status_code) == (500, StatusCode.ERROR)


async def test_what_operators_ask_all_day_makes_no_trace(client: AsyncClient) -> None:
    with traced() as seen:
        for path in ("/healthz", "/readyz", "/metrics"):
            await client.get(path)

    assert seen.spans == ()


async def test_while_traces_are_off_a_callers_trace_passes_through(client: AsyncClient) -> None:
    answer = await client.get("/causes/kim", headers={"traceparent": RECORDED})

    assert answer.json()["traceparent"] == RECORDED


def test_while_traces_are_off_no_record_is_even_looked_at() -> None:
    def records() -> Iterator[Any]:
        raise AssertionError("looked at")
        yield

    with folding("monitoring.projector", records(), {}) as folded, publishing(()) as published:
        assert (folded, published) == ((), ())
    assert tracing.span("x", SpanKind.INTERNAL, None, {}) is tracing.NO_SPAN


def test_a_log_line_bears_the_trace_of_its_span() -> None:
    with traced() as seen, tracing.span("work", SpanKind.INTERNAL, None, {}):
        line = add_trace_id(None, "", {"event": "said", **correlation()})
    without = add_trace_id(None, "", {"event": "said", **correlation()})

    assert line["trace_id"] == f"{seen.named('work').context.trace_id:032x}"
    assert "trace_id" not in without
