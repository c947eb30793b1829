"""Metrics: name and meaning of each, defined once; values from the database are read at each scrape."""

from prometheus_client import Counter, Gauge, Histogram, Info

# Version of the running release.
BUILD = Info("ieum_build", "Running version", ["service"])
# 1 while a role of this process makes progress; /readyz gives the reason where it does not.
ROLE_READY = Gauge("ieum_role_ready", "1 while the role makes progress", ["service", "role"])
# 1 where this scrape could read the database. While it is 0, the values read there are those of the last scrape that could.
DATABASE_UP = Gauge("ieum_database_up", "1 where this scrape could read the database", ["service"])
# Database connections of this process that are in use, and the size of its pool.
POOL_IN_USE = Gauge("ieum_database_pool_in_use", "Connections in use", ["service"])
POOL_SIZE = Gauge("ieum_database_pool_size", "Size of the pool", ["service"])

# Records that reached a consumer, by outcome: handled, duplicate (found in the inbox), skipped (a type without
# subscription), parked, dead (dead-lettered), waiting (its partition waits at it: an outage, or it is retried).
RECORDS = Counter("ieum_records", "Records by outcome", ["service", "topic", "outcome"])
# Attempts at a record beyond the first, after a failure or a crash.
RETRIED = Counter("ieum_records_begun_again", "Attempts beyond the first", ["service", "topic"])
# Duration of a handler, inbox and outbox included.
HANDLE_SECONDS = Histogram("ieum_handle_seconds", "Seconds to handle one record", ["service", "type"])
# Records between the last one that this process has finished and the end of a partition, and the seconds since the oldest
# of them was seen: for a projector these are how old the board may be.
LAG = Gauge("ieum_lag_records", "Records behind the end", ["service", "role", "topic", "partition"])
LAG_SECONDS = Gauge("ieum_lag_seconds", "Age of the oldest unfinished record", ["service", "role"])
# Records that were dead-lettered, by the code of the reason.
DEAD_LETTERS = Counter("ieum_dead_letters", "Records dead-lettered", ["service", "topic", "reason"])
# Number of dead letters, and the age of the newest; NaN where there is none.
DEAD_LETTERS_STORED = Gauge("ieum_dead_letters_kept", "Records in the dead letters", ["service"])
DEAD_LETTER_AGE = Gauge("ieum_dead_letters_newest_seconds", "Age of the newest dead letter", ["service"])
# 1 while a consumer's circuit is open: it dead-letters no more and waits.
CIRCUIT_OPEN = Gauge("ieum_line_stopped", "1 while the circuit is open", ["service"])
# Parked records: their prerequisite has not arrived. The oldest is dead-lettered when it is as old as the limit.
PARKED = Gauge("ieum_parked_records", "Records that are parked", ["service"])
PARKED_SECONDS = Gauge("ieum_parked_oldest_seconds", "Age of the oldest parked record", ["service"])
PARKING_LIMIT = Gauge(
    "ieum_parking_limit_seconds", "Age at which a parked record is dead-lettered", ["service"]
)

# Events to be published, and the age of the oldest.
OUTBOX_DEPTH = Gauge("ieum_outbox_depth", "Events to be published", ["service"])
OUTBOX_AGE = Gauge("ieum_outbox_oldest_seconds", "Age of the oldest event to be published", ["service"])
PUBLISHED = Counter("ieum_published", "Events acknowledged by the broker", ["service", "topic"])
PUBLISH_FAILURES = Counter("ieum_publish_failures", "Shards that could not be published", ["service"])
# A batch from the first send to the broker's last acknowledgement, and its oldest event from being recorded up to there.
PUBLISH_SECONDS = Histogram("ieum_publish_seconds", "Seconds of one published batch", ["service"])
ACKNOWLEDGED_SECONDS = Histogram(
    "ieum_acknowledged_seconds",
    "Seconds from an event's recording to the broker's acknowledgement",
    ["service"],
)

# A projector's batches: records, duration of the transaction, and rollbacks by reason.
BATCH_RECORDS = Histogram(
    "ieum_batch_records", "Records in a batch", ["service"], buckets=(1, 10, 100, 1000, 5000, 20000)
)
FOLD_SECONDS = Histogram("ieum_fold_seconds", "Seconds of one folded batch", ["service"])
ROLLED_BACK = Counter("ieum_projector_rolled_back", "Batches rolled back", ["service", "reason"])
# Age of a batch's oldest event when its fold became visible: how far the board was behind the event log.
FOLDED_AGE = Histogram(
    "ieum_folded_age_seconds",
    "Seconds from an event's recording to its fold being visible",
    ["service"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)

# Messages by channel and state; those queued, and the age of the oldest; those whose outcome is unknown, which are never
# sent again by themselves. 1 while a channel's provider is down and its messages wait.
MESSAGES = Counter("ieum_messages", "Messages by channel and state", ["channel", "state"])
MESSAGES_QUEUED = Gauge("ieum_messages_queued", "Messages to be sent", ["channel"])
MESSAGES_OLDEST = Gauge("ieum_messages_oldest_seconds", "Age of the oldest message to be sent", ["channel"])
MESSAGES_UNKNOWN = Gauge("ieum_messages_unknown", "Messages whose outcome is unknown", ["channel"])
CHANNEL_DOWN = Gauge("ieum_channel_down", "1 while the channel's provider is down", ["channel"])

# Payments instructed to the treasury that it has not answered: still in time (awaited), or not (unconfirmed).
PROGRAMME_STATE = Gauge(
    "ieum_programme_state", "1 for the state that a programme has", ["programme", "state"]
)
PAYMENTS_OPEN = Gauge("ieum_payments_open", "Payments without the treasury's answer", ["state"])

# Requests by route and status; seconds from the first byte to the end of the response.
REQUEST_SECONDS = Histogram(
    "ieum_request_seconds", "Seconds of one request", ["service", "method", "route", "status"]
)
