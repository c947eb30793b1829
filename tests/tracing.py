"""What a test sees of a trace: the spans that ended, each with its parent; kept in memory instead of sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.observability.tracing import Tracing


class Seen:
    """Every span that ended since."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def named(self, name: str, **attributes: str) -> ReadableSpan:
        """The one span of this name and these attributes, dots of their names as underscores."""
        wanted = {key.replace("_", "."): value for key, value in attributes.items()}
        [found] = [one for one in self.spans if one.name == name and said(one).items() >= wanted.items()]
        return found

    def tree(self) -> set[tuple[str, str | None]]:
        """Each name with its parent's."""
        by_id = {one.context.span_id: one.name for one in self.spans}
        parents = [(one.name, one.parent.span_id if one.parent else None) for one in self.spans]
        return {(name, by_id.get(parent) if parent else None) for name, parent in parents}

    def traces(self) -> set[int]:
        return {one.context.trace_id for one in self.spans}


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@contextmanager
def traced() -> Iterator[Seen]:
    """Traces are on, whatever the environment says."""
    seen, before = Seen(), Tracing.tracer
    Tracing.tracer = seen.tracer
    try:
        yield seen
    finally:
        Tracing.tracer = before
