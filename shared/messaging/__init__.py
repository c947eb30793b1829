"""Messaging: events between services over Kafka, at least once on the wire and once in effect.

Promises to a service's commands and handlers:

    emit      An event is stored in the transaction of the change that it reports: both are committed, or neither.
    publish   Each stored event reaches its topic at least once; the events of one subject arrive in the order of their
              commits, numbered without a gap.
    consume   Each event is handled once in effect: its handler's writes, its own events and its inbox entry are one
              transaction, and a second delivery finds the inbox entry and does nothing.
    order     Records of one topic and key are handled in order. One whose prerequisite has not arrived is parked, and
              the later ones of its key are parked behind it; past its deadline all of them are dead-lettered.
    failures  A record that cannot be handled is stored as a dead letter with its original bytes and the reason. A record
              that ends its process (poison) is counted in the database and dead-lettered like any other. After too many
              dead letters in a row the circuit opens: the consumer waits instead of emptying its topics.

Not promised: order between subjects or topics; delivery within any time; exactly-once on the wire (a relay that is killed
publishes again). Dead letters stay where they are stored until somebody acts on them.

    outbox          event log and outbox: `emit`, and what the relay reads and deletes
    relay           publishes the outbox to Kafka, shard by shard
    consumer        consumes topics: the failure policy, partition by partition
    dispatcher      handles one record: inbox, handler and events in one transaction; or parks or dead-letters it
    inbox           ids of handled events
    circuit_breaker stops dead-lettering after too many in a row
    parking         records whose prerequisite has not arrived
    dead_letters    records that cannot be handled
    poison_records  counts attempts so that they survive a crash of the process
    stored_records  columns of tables that store Kafka records
    subscriptions   event types that a consumer or projector handles
    cloudevents     CloudEvents 1.0 on Kafka: envelope, headers, reading
    kafka           Kafka client: broker, producer, subscriber, partitions
    spans           trace spans of publishing, handling and folding

Each service's schema has its own copy of the tables (`migrations`).
"""
