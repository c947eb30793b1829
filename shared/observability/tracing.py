"""Traces by OpenTelemetry: one from a request or record through the outbox, the topic and its consumers to the message.

Off unless the environment names a collector (OTEL_EXPORTER_OTLP_ENDPOINT; OTEL_TRACES_SAMPLER and the rest are the
standard's); then a traceparent only passes through. What travels with an event is text: the span in which it was
emitted. A span says what was done and where, never what it was about: no body, no address, no error's own words.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from importlib.metadata import version
from threading import Thread
from typing import NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars

from shared.errors import BusinessError

__all__ = [
    "INVALID_SPAN",
    "Span",
    "SpanKind",
    "SpanSpec",
    "exporting",
    "is_on",
    "set_attribute",
    "set_error",
    "span",
    "spans",
]

Attributes = Mapping[str, str | int]

PROPAGATOR = TraceContextTextMapPropagator()
COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SWITCHED_OFF = {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none"}
SHUTDOWN_TIMEOUT = (
    3.0  # seconds that a process which ends gives its last spans; a dead collector gets no more
)

NO_SPAN: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)
NO_SPANS: AbstractContextManager[Sequence[Span]] = nullcontext(())


class SpanSpec(NamedTuple):
    """A span to be; `parent` is the traceparent of what led to it."""

    name: str
    parent: str | None
    attributes: Attributes


class Tracing:
    """This process's tracer; None while traces are off, which is all that hot paths ask."""

    tracer: Tracer | None = None


@contextmanager
def exporting(service: str) -> Iterator[None]:
    """Spans go to the collector that the environment names: from a thread of their own, through a bounded queue."""
    if not is_wanted(os.environ):
        yield
        return
    # Only who wants traces pays for these imports.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.namespace": "ieum", "service.name": service})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    Tracing.tracer = provider.get_tracer("ieum", version("ieum"))
    try:
        yield
    finally:
        Tracing.tracer = None
        last = Thread(target=provider.shutdown, daemon=True)
        last.start()
        last.join(SHUTDOWN_TIMEOUT)


def is_wanted(environment: Mapping[str, str]) -> bool:
    off = any(environment.get(name, "").lower() == value for name, value in SWITCHED_OFF.items())
    return not off and any(environment.get(name) for name in COLLECTORS)


def is_on() -> bool:
    return Tracing.tracer is not None


def span(
    name: str, kind: SpanKind, parent: str | None, attributes: Attributes
) -> AbstractContextManager[Span]:
    """The block is a span; log lines and events of it bear its traceparent. Without a parent a trace begins."""
    tracer = Tracing.tracer
    return NO_SPAN if tracer is None else _span(tracer, kind, SpanSpec(name, parent, attributes))


@contextmanager
def _span(tracer: Tracer, kind: SpanKind, planned: SpanSpec) -> Iterator[Span]:
    begun = start_span(tracer, kind, planned)
    with (
        use_span(begun, end_on_exit=True, record_exception=False, set_status_on_exception=False),
        bound_contextvars(traceparent=traceparent(begun)),
        recording_errors([begun]),
    ):
        yield begun


def spans(kind: SpanKind, planned: Sequence[SpanSpec]) -> AbstractContextManager[Sequence[Span]]:
    """The block is done for many at once: a span each, an invalid one where the parent is not recorded."""
    tracer = Tracing.tracer
    return NO_SPANS if tracer is None else _spans(tracer, kind, planned)


@contextmanager
def _spans(tracer: Tracer, kind: SpanKind, planned: Sequence[SpanSpec]) -> Iterator[Sequence[Span]]:
    begun = [start_span(tracer, kind, one) if is_sampled(one.parent) else INVALID_SPAN for one in planned]
    with ExitStack() as stack, recording_errors(begun):
        for one in begun:
            stack.callback(one.end)
        yield begun


def start_span(tracer: Tracer, kind: SpanKind, planned: SpanSpec) -> Span:
    # A parent that cannot be read is none; an empty context keeps out whatever span is current here.
    parent = PROPAGATOR.extract({"traceparent": planned.parent or ""}, Context())
    return tracer.start_span(planned.name, parent, kind, planned.attributes)


def is_sampled(parent: str | None) -> bool:
    """Whether a traceparent's last bit says that its trace is recorded."""
    return parent is not None and parent[-1:] in "13579bdf"


def traceparent(of: Span) -> str:
    carrier: dict[str, str] = {}
    PROPAGATOR.inject(carrier, set_span_in_context(of, Context()))
    return carrier["traceparent"]


@contextmanager
def recording_errors(begun: Sequence[Span]) -> Iterator[None]:
    """What goes wrong is named by its rule or its class; its words may be personal."""
    try:
        yield
    except Exception as error:
        for one in begun:
            set_error(one, error.rule if isinstance(error, BusinessError) else type(error).__name__)
        raise


def set_error(one: Span, kind: str) -> None:
    one.set_attribute("error.type", kind)
    one.set_status(StatusCode.ERROR)


def set_attribute(name: str, value: str | int) -> None:
    """Something that is known of the current span only later."""
    if is_on():
        get_current_span().set_attribute(name, value)
