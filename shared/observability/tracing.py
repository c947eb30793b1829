"""Tracing with OpenTelemetry: one trace from a request or record through outbox, topic and consumers to the message.

Off unless the environment names a collector (OTEL_EXPORTER_OTLP_ENDPOINT; OTEL_TRACES_SAMPLER and the other standard
variables hold as well); then a traceparent only passes through. FastAPI makes the span of a request (shared/web/
telemetry.py). The spans made here continue the trace of an event, whose attribute `traceparent` names the span that
emitted it: no library's instrumentation reads it (docs/decisions/0022-tracing.md). A span contains what was done and
where, never a body, an address or an error's message.
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
    TracerProvider,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars

from shared.errors import BusinessError

Attributes = Mapping[str, str | int]

PROPAGATOR = TraceContextTextMapPropagator()
COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SWITCHED_OFF = {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none"}
SHUTDOWN_TIMEOUT = 3.0  # seconds for the last spans of a process; a dead collector must not delay its end

NO_SPAN: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)
NO_SPANS: AbstractContextManager[Sequence[Span]] = nullcontext(())


class SpanSpec(NamedTuple):
    """A span to start; `parent` is the traceparent of its cause."""

    name: str
    parent: str | None
    attributes: Attributes


class Tracing:
    """This process's tracer and its provider; None while tracing is off, which is all that hot paths check."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None


@contextmanager
def exporting(service: str) -> Iterator[None]:
    """Export spans to the collector that the environment names, from a thread with a bounded queue."""
    if not is_wanted(os.environ):
        yield
        return
    # Imported only here: a process without tracing does not load the SDK.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.namespace": "ieum", "service.name": service})
    provider = SdkTracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        with tracing_with(provider):
            yield
    finally:
        shutdown = Thread(target=provider.shutdown, daemon=True)
        shutdown.start()
        shutdown.join(SHUTDOWN_TIMEOUT)


@contextmanager
def tracing_with(provider: TracerProvider) -> Iterator[None]:
    """Trace with this provider while the block runs; an app traces its requests if it is created in the block."""
    Tracing.provider, Tracing.tracer = provider, provider.get_tracer("ieum", version("ieum"))
    try:
        yield
    finally:
        Tracing.provider = Tracing.tracer = None


def is_wanted(environment: Mapping[str, str]) -> bool:
    off = any(environment.get(name, "").lower() == value for name, value in SWITCHED_OFF.items())
    return not off and any(environment.get(name) for name in COLLECTORS)


def is_on() -> bool:
    return Tracing.tracer is not None


def span(
    name: str, kind: SpanKind, parent: str | None, attributes: Attributes
) -> AbstractContextManager[Span]:
    """Trace the block as one span, whose traceparent its log lines and events get; no parent starts a new trace."""
    tracer = Tracing.tracer
    return NO_SPAN if tracer is None else _span(tracer, kind, SpanSpec(name, parent, attributes))


@contextmanager
def _span(tracer: Tracer, kind: SpanKind, spec: SpanSpec) -> Iterator[Span]:
    started = start_span(tracer, kind, spec)
    with (
        use_span(started, end_on_exit=True, record_exception=False, set_status_on_exception=False),
        bound_contextvars(traceparent=traceparent(started)),
        recording_errors([started]),
    ):
        yield started


def spans(kind: SpanKind, specs: Sequence[SpanSpec]) -> AbstractContextManager[Sequence[Span]]:
    """Trace a block that handles a batch: yield a span per item, an invalid one where its parent is not sampled."""
    tracer = Tracing.tracer
    return NO_SPANS if tracer is None else _spans(tracer, kind, specs)


@contextmanager
def _spans(tracer: Tracer, kind: SpanKind, specs: Sequence[SpanSpec]) -> Iterator[Sequence[Span]]:
    started = [start_span(tracer, kind, spec) if is_sampled(spec.parent) else INVALID_SPAN for spec in specs]
    with ExitStack() as stack, recording_errors(started):
        for span in started:
            stack.callback(span.end)
        yield started


def start_span(tracer: Tracer, kind: SpanKind, spec: SpanSpec) -> Span:
    """Start a span below its parent; a malformed parent counts as none, and the current span never is one."""
    parent = PROPAGATOR.extract({"traceparent": spec.parent or ""}, Context())
    return tracer.start_span(spec.name, parent, kind, spec.attributes)


def is_sampled(parent: str | None) -> bool:
    """Return whether the last bit of a traceparent marks its trace as recorded."""
    return parent is not None and parent[-1:] in "13579bdf"


def current_traceparent() -> str | None:
    """Return the current span's traceparent, None outside of a trace and while tracing is off."""
    current = get_current_span()
    return traceparent(current) if is_on() and current.get_span_context().is_valid else None


def traceparent(span: Span) -> str:
    carrier: dict[str, str] = {}
    PROPAGATOR.inject(carrier, set_span_in_context(span, Context()))
    return carrier["traceparent"]


@contextmanager
def recording_errors(spans: Sequence[Span]) -> Iterator[None]:
    """Set an error that leaves the block on the spans: its rule or class, since its message may be personal."""
    try:
        yield
    except Exception as error:
        for span in spans:
            set_error(span, error.rule if isinstance(error, BusinessError) else type(error).__name__)
        raise


def set_error(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def set_attribute(name: str, value: str | int) -> None:
    """Set an attribute of the current span."""
    if is_on():
        get_current_span().set_attribute(name, value)
