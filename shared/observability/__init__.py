"""Observability: logs, metrics, traces, consumer lag and health of every process.

Promises to operators:

    logs     JSON lines on standard error, with the correlation id, causation id, caller and trace of the request or event
             that led to them. Mail addresses, phone numbers, passwords and secret fields are masked.
    metrics  Every metric is named and explained once, in `metrics`; values from the database are read at each scrape.
    traces   OpenTelemetry, off unless the environment names a collector; a trace goes from a request through outbox,
             topic and consumers. Spans hold no personal data.
    health   A role is ready while it makes progress: /readyz says which role does not, and why, in Korean and English.
    lag      Records and seconds that a consumer or projector is behind, by what it has finished, not by what it has
             fetched: a batch that hangs shows.

Not promised: storage of logs, metrics or traces. Alert rules and dashboards stand in deploy/observability.

    logs     structured logging, correlation attributes, masking
    metrics  every metric
    tracing  spans and their export
    health   readiness of one role
    lag      lag and stuck partitions of a consumer or projector
"""
