"""Guards between a command and Kafka: nothing told that was not done, nothing done that is not told, in order."""

from typing import Any

from tests.sabotage.guard import guard, in_its_own_transaction
from tests.sabotage.removals import edited, in_database, set_to, together, wrapped

OUTBOX = "tests/integration/test_outbox.py::"
PRODUCER = "tests/integration/test_producer.py::"
MIGRATIONS = "tests/test_migrations.py::"
NUMBERED = OUTBOX + "test_a_subject_is_numbered_in_the_order_of_its_commits"
CHANGED = OUTBOX + "test_the_event_log_cannot_be_changed_even_by_its_owner"
UNACKNOWLEDGED = OUTBOX + "test_what_kafka_does_not_acknowledge_stays_and_is_published_again"


def by_high_water_mark(original: Any) -> Any:
    """What is read is taken to be all that there will ever be before it."""
    highest = 0

    async def beyond(connection: Any, shards: Any, limit: int) -> Any:
        nonlocal highest
        found = [one for one in await original(connection, shards, limit) if one.position > highest]
        highest = max([highest, *(one.position for one in found)])
        return found

    return beyond


GUARDS = [
    guard(
        "outbox-in-the-commands-transaction",
        "하지 않은 일을 알리는 것 / what never happened is told",
        wrapped(
            "shared.delivery.outbox:emit",
            in_its_own_transaction,
            "사건을 따로 커밋 / the event is committed by itself",
        ),
        OUTBOX + "test_nothing_is_published_when_the_command_fails",
    ),
    guard(
        "stream-row-lock",
        "동시에 커밋한 사건의 번호가 겹치거나 비는 것 / numbers of events that commit at once collide or leave a gap",
        edited(
            "shared.delivery.outbox:EMIT",
            """insert into stream (subject, last) values ($1, 1)
        on conflict (subject) do update set last = stream.last + 1
        returning last""",
            "select coalesce(max(sequence), 0) + 1 as last from event_log where subject = $1",
            how="번호를 잠그지 않고 셈 / the number is counted, not locked",
        ),
        NUMBERED,
    ),
    guard(
        "planned-for-what-is-there",
        "비어 있을 때의 실행 계획으로 기록 전체를 거듭 읽어 발행이 멈추는 것 / publishing stands still, as a plan of empty tables reads the log again and again",
        edited("shared.db:_planned", "set local plan_cache_mode = force_custom_plan", "select 1"),
        OUTBOX + "test_a_relay_that_began_with_empty_tables_does_not_read_them_whole_later",
    ),
    guard(
        "sequence-unique",
        "한 대상의 사건 번호가 두 번 쓰이는 것 / one number of a subject is given twice",
        in_database(("applications", "alter table event_log drop constraint event_log_subject_sequence_key")),
        OUTBOX + "test_the_database_refuses_a_number_or_an_id_that_was_given_before[the number]",
    ),
    guard(
        "event-id-unique",
        "한 사건 번호가 두 번 쓰이는 것 / one event id is given twice",
        in_database(("applications", "alter table event_log drop constraint event_log_id_key")),
        OUTBOX + "test_the_database_refuses_a_number_or_an_id_that_was_given_before[the id]",
    ),
    guard(
        "event-log-append-only",
        "알린 사건을 소유자가 고치거나 지우는 것 / what was told is changed or deleted by the tables' owner",
        in_database(("applications", "drop trigger event_log_append_only on event_log")),
        CHANGED,
        MIGRATIONS
        + "test_what_is_kept_for_ever_can_neither_be_changed_nor_deleted[event_log-applications-owner]",
    ),
    guard(
        "event-log-rights",
        "서비스가 알린 사건을 고칠 권리를 갖는 것 / a service holds the right to change what it told",
        in_database(("applications", "grant update, delete, truncate on event_log to ieum_applications")),
        MIGRATIONS + "test_a_service_has_not_even_the_right_to_change_it[event_log-applications]",
    ),
    guard(
        "event-size",
        "카프카가 받을 수 없는 사건이 줄을 막는 것 / an event that Kafka cannot take blocks its shard for ever",
        set_to("shared.delivery.outbox:DATA_LIMIT", 1_000_000_000),
        OUTBOX + "test_an_event_that_kafka_could_never_take_is_refused_at_insert",
    ),
    guard(
        "shard-lock",
        "두 릴레이가 같은 사건을 발행해 순서가 뒤집히는 것 / two relays publish one shard and overtake each other",
        edited(
            "shared.delivery.outbox:LOCK",
            "pg_try_advisory_xact_lock(hashtext(current_schema() || '.outbox'), shard)",
            "true",
        ),
        OUTBOX + "test_a_shard_that_another_relay_holds_is_left_to_it",
    ),
    guard(
        "lock-then-read",
        "잠그기 전에 읽어 이미 나간 사건을 다시 내는 것 / what the last holder published is read before the lock",
        together(
            "먼저 읽고 잠금 / reads, then locks",
            edited(
                "shared.delivery.relay:relay_shards",
                "        if not (held := ",
                "        early = await outbox.waiting(connection, shards, batch)\n        if not (held := ",
            ),
            edited(
                "shared.delivery.relay:relay_shards",
                "(events := await outbox.waiting(connection, held, batch))",
                "(events := early)",
            ),
        ),
        OUTBOX + "test_a_relay_sees_what_the_last_holder_of_the_shard_has_published",
    ),
    guard(
        "late-commit",
        "늦게 커밋된 사건을 건너뛰는 것 / an event that commits late is skipped",
        wrapped(
            "shared.delivery.outbox:waiting",
            by_high_water_mark,
            "마지막 자리 뒤만 읽음 / reads only beyond the last position",
        ),
        OUTBOX + "test_what_commits_late_is_not_skipped",
    ),
    guard(
        "shard-order",
        "한 대상의 사건이 뒤바뀌어 나가는 것 / a subject's events leave in another order",
        edited("shared.delivery.outbox:WAITING", "order by oldest.position", "order by oldest.position desc"),
        NUMBERED,
    ),
    guard(
        "forget-after-acknowledge",
        "카프카가 받기 전에 잊어 사건을 잃는 것 / an event is forgotten before Kafka has it, and lost",
        edited(
            "shared.delivery.relay:relay_shards",
            "            await publish(producer, events)\n",
            """            async with database.fast_transaction() as other:
                await outbox.forget(other, events)
            await publish(producer, events)
""",
            how="먼저 잊고 발행 / forgets, then publishes",
        ),
        UNACKNOWLEDGED,
    ),
    guard(
        "wait-for-acknowledgements",
        "확인을 기다리지 않고 잊는 것 / an event is forgotten without waiting for its acknowledgement",
        edited(
            "shared.delivery.relay:publish",
            "await asyncio.gather(*acknowledged, return_exceptions=True)",
            "()",
        ),
        UNACKNOWLEDGED,
    ),
    guard(
        "refused-acknowledgement",
        "카프카의 거절을 확인으로 여기는 것 / a refusal by Kafka passes for an acknowledgement",
        edited("shared.delivery.relay:publish", "raise result", "pass"),
        UNACKNOWLEDGED,
    ),
    guard(
        "numbers-with-a-gap",
        "한 묶음을 포기한 프로듀서로 계속 보내 모두 거절당하는 것 / a producer that gave up a batch goes on, and all is refused",
        edited("shared.delivery.relay:relay", "raise gaps[0]", "pass"),
        OUTBOX + "test_a_producer_whose_numbers_have_a_gap_is_not_used_again",
    ),
    guard(
        "shards-apart-after-a-failure",
        "나가지 못하는 사건 하나가 다른 대상까지 막는 것 / one event that cannot leave holds up other subjects",
        edited("shared.delivery.relay:pace", "return batch, SHARDS", "return batch, 1"),
        OUTBOX + "test_after_a_failure_each_shard_goes_by_itself",
    ),
    guard(
        "idempotent-producer",
        "확인을 잃고 다시 보낸 사건이 토픽에 두 번 남는 것 / a lost acknowledgement leaves an event twice on its topic",
        edited(
            "shared.delivery.kafka:producer",
            "enable_idempotence=settings.kafka_idempotence",
            "enable_idempotence=False",
        ),
        PRODUCER + "test_an_event_whose_acknowledgement_is_lost_stands_once_on_its_topic",
        kafka=True,
    ),
    guard(
        "acks-all",
        "복제되기 전의 확인을 믿어 사건을 잃는 것 / an acknowledgement before the replicas have it is believed",
        edited(
            "shared.delivery.kafka:producer",
            'acks="all",\n        enable_idempotence=settings.kafka_idempotence',
            "acks=1,\n        enable_idempotence=False",
            how="`acks=1`, 멱등성 없이 / without idempotence",
        ),
        PRODUCER + "test_every_event_is_asked_to_be_acknowledged_by_all_replicas_in_sync",
        kafka=True,
    ),
]
