"""Every metric's name, once, with what it means; what stands in the database is read at each scrape."""

from prometheus_client import Counter, Gauge, Histogram, Info

# Which version of us answers.
BUILD = Info("ieum_build", "The version that runs", ["service"])
# 1 while a role of this process gets on with its work; /readyz says in words why not.
ROLE_READY = Gauge("ieum_role_ready", "1 while the role makes progress", ["service", "role"])
# 1 where this scrape could read the database. While it is 0, all that is read there is as of the last scrape that could.
DATABASE_UP = Gauge("ieum_database_up", "1 where the database answered this scrape", ["service"])
# Connections of this process that are being used, and how many it may have.
POOL_IN_USE = Gauge("ieum_database_pool_in_use", "Connections in use", ["service"])
POOL_SIZE = Gauge("ieum_database_pool_size", "Connections at most", ["service"])

# A record reached a consumer: handled, duplicate (the inbox knew it), skipped (a type nobody here hears), parked, dead;
# or waiting: its partition waits at it, because something is away or it is tried once more.
RECORDS = Counter("ieum_records", "Records by what became of them", ["service", "topic", "outcome"])
# Records that were begun once more, after a failure or a start: the attempts beyond the first.
RETRIED = Counter("ieum_records_begun_again", "Attempts beyond the first", ["service", "topic"])
# How long a handler took, inbox and outbox included.
HANDLE_SECONDS = Histogram("ieum_handle_seconds", "Seconds of one handled record", ["service", "type"])
# How far what this process has settled is behind the end of a partition, and since when that is known: for a projector
# the second is how old the board may be.
LAG = Gauge("ieum_lag_records", "Records behind the end", ["service", "role", "topic", "partition"])
LAG_SECONDS = Gauge("ieum_lag_seconds", "Seconds that the oldest unsettled record waits", ["service", "role"])
# Records that were given up and stand in the dead letters, by kind of reason.
DEAD_LETTERS = Counter("ieum_dead_letters", "Records given up", ["service", "topic", "reason"])
# What the dead letters hold, and how long ago the newest came; no such age where there is none.
DEAD_LETTERS_STORED = Gauge("ieum_dead_letters_kept", "Records in the dead letters", ["service"])
DEAD_LETTER_AGE = Gauge("ieum_dead_letters_newest_seconds", "Seconds since the newest", ["service"])
# 1 while a consumer refuses to dead-letter any more and waits.
CIRCUIT_OPEN = Gauge("ieum_line_stopped", "1 while the line is stopped", ["service"])
# Parked records: what they need first has not arrived. The oldest becomes a dead letter when it is as old as the limit.
PARKED = Gauge("ieum_parked_records", "Records that wait for another event", ["service"])
PARKED_SECONDS = Gauge("ieum_parked_oldest_seconds", "Seconds that the oldest waits", ["service"])
PARKING_LIMIT = Gauge("ieum_parking_limit_seconds", "Seconds after which it is given up", ["service"])

# What is still to be published, and since when its oldest waits.
OUTBOX_DEPTH = Gauge("ieum_outbox_depth", "Events still to be published", ["service"])
OUTBOX_AGE = Gauge("ieum_outbox_oldest_seconds", "Seconds that the oldest waits", ["service"])
PUBLISHED = Counter("ieum_published", "Events acknowledged by the broker", ["service", "topic"])
PUBLISH_FAILURES = Counter("ieum_publish_failures", "Shards that could not be published", ["service"])
# A batch from its hand-over to the broker's last acknowledgement; and its oldest event from being recorded up to there.
PUBLISH_SECONDS = Histogram("ieum_publish_seconds", "Seconds of one published batch", ["service"])
ACKNOWLEDGED_SECONDS = Histogram(
    "ieum_acknowledged_seconds",
    "Seconds from an event's recording to the broker's acknowledgement",
    ["service"],
)

# A projector's batch: how many records, how long its transaction took; how often it was fenced or rolled back.
BATCH_RECORDS = Histogram(
    "ieum_batch_records", "Records in a batch", ["service"], buckets=(1, 10, 100, 1000, 5000, 20000)
)
FOLD_SECONDS = Histogram("ieum_fold_seconds", "Seconds of one folded batch", ["service"])
ROLLED_BACK = Counter("ieum_projector_rolled_back", "Batches rolled back", ["service", "reason"])
# How old a batch's oldest event was when its fold became visible: how far the board was behind what had happened.
FOLDED_AGE = Histogram(
    "ieum_folded_age_seconds",
    "Seconds from an event's recording to its fold being visible",
    ["service"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)

# Messages by channel and what became of them; those that wait, and since when the oldest; those whose outcome nobody
# knows and which are never sent again by themselves. 1 while a channel's line is down and its messages wait.
MESSAGES = Counter("ieum_messages", "Messages by channel and state", ["channel", "state"])
MESSAGES_QUEUED = Gauge("ieum_messages_queued", "Messages that wait to be sent", ["channel"])
MESSAGES_OLDEST = Gauge("ieum_messages_oldest_seconds", "Seconds that the oldest waits", ["channel"])
MESSAGES_UNKNOWN = Gauge("ieum_messages_unknown", "Messages whose outcome is unknown", ["channel"])
CHANNEL_DOWN = Gauge("ieum_channel_down", "1 while the channel's line is down", ["channel"])

# Payments that the treasury was told to make: its answer may still be in time (awaited), or is not (unconfirmed).
PAYMENTS_OPEN = Gauge("ieum_payments_open", "Payments without the treasury's answer", ["state"])

# Requests by route and status; seconds from first byte to reply.
REQUEST_SECONDS = Histogram(
    "ieum_request_seconds", "Seconds of one request", ["service", "method", "route", "status"]
)
