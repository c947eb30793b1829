"""Libraries that every service is built on; none of them knows a service.

    service        a process, its roles and its command line
    web            HTTP: one transaction per request, idempotency keys, identity, problem responses
    projections    folds of events into tables, and their rebuild
    messaging      outbox, relay, consumer, inbox, parking, dead letters, poison records
    database       engine and transactions, rows by key, migrations
    events         the events that services publish: all that one service may know of another
    values         exact values: won, business dates, business numbers, municipalities
    observability  logs, metrics, traces, consumer lag, health checks
    config         settings from environment variables
    errors         business errors, and Malformed

Imports go from top to bottom only (`make lint` checks it).
"""
