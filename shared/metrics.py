"""Every metric's name, once, with what it means."""

from prometheus_client import Counter, Gauge, Histogram

# A record reached a consumer: handled, duplicate, skipped (a type nobody here hears), parked, dead, waiting.
RECORDS = Counter("ieum_records", "Records by what became of them", ["service", "topic", "outcome"])
# How long a handler's transaction took, inbox and outbox included.
HANDLE_SECONDS = Histogram("ieum_handle_seconds", "Seconds of one handled record", ["service", "type"])
# How far behind the end of a partition this process is.
LAG = Gauge("ieum_lag_records", "Records behind the end", ["service", "role", "topic", "partition"])
# Records that were given up and stand in the dead letters, by kind of reason.
DEAD_LETTERS = Counter("ieum_dead_letters", "Records given up", ["service", "topic", "reason"])
# 1 while a consumer refuses to dead-letter any more and waits.
LINE_STOPPED = Gauge("ieum_line_stopped", "1 while the line is stopped", ["service"])

# What is still to be published, and since when its oldest waits.
OUTBOX_DEPTH = Gauge("ieum_outbox_depth", "Events still to be published", ["service"])
OUTBOX_AGE = Gauge("ieum_outbox_oldest_seconds", "Seconds that the oldest waits", ["service"])
# Parked records: what they need first has not arrived.
PARKED = Gauge("ieum_parked_records", "Records that wait for another event", ["service"])
PUBLISHED = Counter("ieum_published", "Events acknowledged by the broker", ["service", "topic"])
PUBLISH_FAILURES = Counter("ieum_publish_failures", "Shards that could not be published", ["service"])

# A projector's batch: how many records, how long its transaction took; how often it was fenced or rolled back.
BATCH_RECORDS = Histogram(
    "ieum_batch_records", "Records in a batch", ["service"], buckets=(1, 10, 100, 1000, 5000, 20000)
)
FOLD_SECONDS = Histogram("ieum_fold_seconds", "Seconds of one folded batch", ["service"])
ROLLED_BACK = Counter("ieum_projector_rolled_back", "Batches rolled back", ["service", "reason"])

# Messages handed to a provider, by channel and what it said.
MESSAGES = Counter("ieum_messages", "Messages by channel and state", ["channel", "state"])

# Requests by route and status; seconds from first byte to reply.
REQUEST_SECONDS = Histogram(
    "ieum_request_seconds", "Seconds of one request", ["service", "method", "route", "status"]
)
