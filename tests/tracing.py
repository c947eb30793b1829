"""Recording of the spans that end during a test, in memory instead of an exporter."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.observability.tracing import tracing_with


class RecordedSpans:
    """All spans that have ended since the recording began."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def find(self, name: str, **attributes: str) -> ReadableSpan:
        """Return the only span of this name and these attributes, with underscores for the dots in their names."""
        expected = {key.replace("_", "."): value for key, value in attributes.items()}
        [match] = [
            span
            for span in self.spans
            if span.name == name and attributes_of(span).items() >= expected.items()
        ]
        return match

    def parents(self) -> set[tuple[str, str | None]]:
        """Return (name, name of the parent or None) of every span."""
        by_id = {span.context.span_id: span.name for span in self.spans}
        parents = [(span.name, span.parent.span_id if span.parent else None) for span in self.spans]
        return {(name, by_id.get(parent) if parent else None) for name, parent in parents}

    def trace_ids(self) -> set[int]:
        return {span.context.trace_id for span in self.spans}


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@contextmanager
def record_spans() -> Iterator[RecordedSpans]:
    """Trace while the block runs, whatever the environment sets, and record the spans.

    Apps trace their requests if they are created in the block.
    """
    recorded = RecordedSpans()
    with tracing_with(recorded.provider):
        yield recorded
