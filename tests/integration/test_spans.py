"""Spans of requests, handlers and folds: their parents and attributes, and that there are none while tracing is off."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from httpx import ASGITransport, AsyncClient
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import MetaData

from shared.config import Settings
from shared.errors import RuleBroken
from shared.events.funding import FundingRecordDeadLettered
from shared.messaging.spans import folding, publishing
from shared.observability import tracing
from shared.observability.logs import add_trace_id, correlation
from shared.service import Service
from shared.web.telemetry import telemetry
from tests.builders import a_selection, kafka_record
from tests.databases import Databases
from tests.integration.probe import Probe
from tests.system import System
from tests.tracing import RecordedSpans, attributes_of, record_spans

SELECTED = "handle kr.ieum.company.selected.v2"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RECORDED, UNRECORDED = (f"00-{TRACE}-00f067aa0ba902b7-{flags}" for flags in ("01", "00"))

in_memory = pytest.mark.parametrize("system", ["memory"], indirect=True)


@in_memory
async def test_records_trace_continues_in_its_handler_and_in_emitted_events(
    system: System, probe: Probe
) -> None:
    with record_spans() as spans:
        await system.send(**kafka_record(a_selection(), traceparent=RECORDED))
        await system.run_until_quiescent()

    span = spans.find(SELECTED)
    [event] = await system.rows("funding", "event_log")
    assert f"{span.context.trace_id:032x}" == TRACE
    assert event["attributes"]["traceparent"] == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert attributes_of(span)["messaging.destination.name"] == "ieum.applications"
    assert attributes_of(span)["messaging.kafka.offset"] == 0


@in_memory
async def test_unrecorded_trace_stays_unrecorded(system: System, probe: Probe) -> None:
    with record_spans() as spans:
        await system.send(**kafka_record(a_selection(), traceparent=UNRECORDED))
        await system.run_until_quiescent()

    [event] = await system.rows("funding", "event_log")
    assert spans.spans == ()
    assert (event["attributes"]["traceparent"][3:35], event["attributes"]["traceparent"][-2:]) == (
        TRACE,
        "00",
    )


@in_memory
async def test_broken_traceparent_starts_a_new_trace(system: System, probe: Probe) -> None:
    with record_spans() as spans:
        await system.send(**kafka_record(a_selection(), traceparent="not a traceparent"))
        await system.run_until_quiescent()

    assert (len(probe.handled), spans.find(SELECTED).parent) == (1, None)


@in_memory
async def test_second_delivery_is_marked_as_duplicate(system: System, probe: Probe) -> None:
    record = kafka_record(a_selection(), traceparent=RECORDED)

    with record_spans() as spans:
        await system.send(**record)
        await system.send(**record)
        await system.run_until_quiescent()

    outcomes = [attributes_of(span).get("ieum.outcome") for span in spans.spans if span.name == SELECTED]
    assert outcomes == [None, "duplicate"]


@in_memory
async def test_failed_span_has_its_rule_and_not_its_sentences(system: System, probe: Probe) -> None:
    def refuse(event: Any) -> None:
        raise RuleBroken("rule_of_test", ko="홍길동", en="kim@example.com")

    probe.after_writes = refuse
    with record_spans() as spans:
        await system.send(**kafka_record(a_selection(), traceparent=RECORDED))
        await system.run_until_quiescent()

    span = spans.find(SELECTED)
    assert (attributes_of(span)["error.type"], span.status.status_code) == ("rule_of_test", StatusCode.ERROR)
    assert (span.events, span.status.description) == ((), None)


@pytest.fixture
def create_client(databases: Databases, settings: Settings) -> Callable[[], AsyncClient]:
    """Return a function that creates Funding's app with two routes: one returns its correlation, one raises."""

    def create() -> AsyncClient:
        router = APIRouter()
        router.add_api_route("/correlation/{name}", return_correlation)
        router.add_api_route("/faults", fault)
        service = Service("funding", "t", MetaData(), FundingRecordDeadLettered, [router])
        app = service.app(databases["funding"], settings, [], serves_api=True)
        return AsyncClient(
            transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://funding"
        )

    return create


async def return_correlation(name: str) -> dict[str, str]:
    return correlation()


async def fault() -> None:
    raise ZeroDivisionError("kim@example.com")


@pytest.fixture
def spans() -> Iterator[RecordedSpans]:
    with record_spans() as spans:
        yield spans


@pytest.fixture
def client(spans: RecordedSpans, create_client: Callable[[], AsyncClient]) -> AsyncClient:
    """A client of an app that traces its requests."""
    return create_client()


async def test_request_continues_its_callers_trace(client: AsyncClient, spans: RecordedSpans) -> None:
    answer = await client.get("/correlation/kim", headers={"traceparent": RECORDED})

    span = spans.find("GET /correlation/{name}")
    assert answer.json()["traceparent"] == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert f"{span.context.trace_id:032x}" == TRACE
    assert span.kind == SpanKind.SERVER


async def test_malformed_traceparent_of_a_caller_starts_a_new_trace(
    client: AsyncClient, spans: RecordedSpans
) -> None:
    answer = await client.get("/correlation/kim", headers={"traceparent": RECORDED + "?" * 40_000})

    span = spans.find("GET /correlation/{name}")
    assert span.parent is None
    assert answer.json()["traceparent"][3:52] == f"{span.context.trace_id:032x}-{span.context.span_id:016x}"


async def test_request_span_has_no_path_query_host_or_client(
    client: AsyncClient, spans: RecordedSpans
) -> None:
    headers = {"host": "kim.example.com", "user-agent": "kim", "x-forwarded-for": "203.0.113.7"}
    await client.get("/correlation/kim?q=kim", headers=headers)

    assert attributes_of(spans.find("GET /correlation/{name}")) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/correlation/{name}",
        "network.protocol.version": "1.1",
        "url.scheme": "http",
    }


async def test_unknown_method_and_path_are_not_in_the_span(client: AsyncClient, spans: RecordedSpans) -> None:
    await client.request("KIM", "/kim")

    span = spans.find("HTTP")
    assert attributes_of(span)["http.request.method"] == "_OTHER"
    assert "kim" not in f"{span.name} {attributes_of(span)}".lower()


async def test_fault_sets_the_class_of_its_error_and_not_its_message(
    client: AsyncClient, spans: RecordedSpans
) -> None:
    answer = await client.get("/faults")

    span = spans.find("GET /faults")
    assert (answer.status_code, span.status.status_code) == (500, StatusCode.ERROR)
    assert attributes_of(span)["error.type"] == "ZeroDivisionError"
    assert (span.events, span.status.description) == ((), None)


async def test_health_checks_and_scrapes_make_no_trace(client: AsyncClient, spans: RecordedSpans) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        await client.get(path)

    assert spans.spans == ()


async def test_callers_trace_passes_through_while_tracing_is_off(
    create_client: Callable[[], AsyncClient],
) -> None:
    answer = await create_client().get("/correlation/kim", headers={"traceparent": RECORDED})

    assert answer.json()["traceparent"] == RECORDED


def test_fastapi_exports_nothing_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")

    config = telemetry()

    assert [name for name, value in config.items() if value] == ["exclude"]


def test_records_are_not_iterated_while_tracing_is_off() -> None:
    def records() -> Iterator[Any]:
        raise AssertionError("iterated")
        yield

    with folding("monitoring.projector", records(), {}) as folded, publishing(()) as published:
        assert (folded, published) == ((), ())
    assert tracing.span("x", SpanKind.INTERNAL, None, {}) is tracing.NO_SPAN


def test_log_line_has_the_trace_id_of_its_span() -> None:
    with record_spans() as spans, tracing.span("work", SpanKind.INTERNAL, None, {}):
        line = add_trace_id(None, "", {"event": "test", **correlation()})
    without = add_trace_id(None, "", {"event": "test", **correlation()})

    assert line["trace_id"] == f"{spans.find('work').context.trace_id:032x}"
    assert "trace_id" not in without
