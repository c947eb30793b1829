"""Spans of HTTP requests, made by FastAPI's own telemetry, without attributes that could contain personal data."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Span, SpanKind, Tracer, TracerProvider

from shared.observability.tracing import Tracing

UNTRACED_PATHS = {"/healthz", "/readyz", "/metrics"}

INITIAL_ATTRIBUTES = {"http.request.method", "network.protocol.version", "url.scheme"}
"""Attributes that a span may start with; FastAPI adds the route, the status and an error's class at its end.

It would start a span with the path and the query as well, which may name somebody, and with texts of the caller's
choice: the host, and a method that does not exist.
"""


def telemetry() -> TelemetryConfig:
    """Return FastAPI's settings for an app: spans if tracing is on, and none of its metrics, logs and exporters."""
    provider = Tracing.provider
    return {
        "tracing": provider is not None,
        "tracer_provider": provider and RequestTracerProvider(provider),
        "exclude": is_untraced,
        "operation_spans": False,
        "metrics": False,
        "logs": False,
        "auto_configure": False,
    }


def is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope["path"] in UNTRACED_PATHS


class RequestTracerProvider(TracerProvider):
    """Tracer provider for FastAPI."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider

    def get_tracer(self, *scope: Any, **options: Any) -> Tracer:
        return RequestTracer(self.provider.get_tracer(*scope, **options))


class RequestTracer(NoOpTracer):
    """Tracer whose spans start with the INITIAL_ATTRIBUTES only."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        *rest: Any,
        **options: Any,
    ) -> Span:
        initial = {name: value for name, value in (attributes or {}).items() if name in INITIAL_ATTRIBUTES}
        return self.tracer.start_span(name, context, kind, initial, *rest, **options)
