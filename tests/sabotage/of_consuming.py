"""Guards between Kafka and a handler: once in effect, in order, and none lost."""

from typing import Any

from tests.sabotage.guard import guard, in_its_own_transaction
from tests.sabotage.removals import always, edited, in_database, replaced, wrapped

CONSUMER = "tests/integration/test_consumer.py::"
PROJECTOR = "tests/integration/test_projector.py::"
EDGE = "tests/integration/test_edge.py::"
TWICE = CONSUMER + "test_an_event_delivered_twice_is_handled_once[memory]"
FAILS_ONCE = CONSUMER + "test_a_handler_that_fails_once_is_tried_again[memory]"
DEATHS = "tests/integration/test_deaths.py::"
KILLS = DEATHS + "test_a_record_that_kills_its_process_is_given_up_and_the_rest_goes_on[memory]"


async def forgetful(session: Any, record: Any, least: int = 1) -> int:
    return least


GUARDS = [
    guard(
        "inbox",
        "다시 온 사건이 다시 처리되는 것 / an event that is delivered again is handled again",
        always("shared.delivery.inbox:is_first_delivery", True),
        TWICE,
    ),
    guard(
        "inbox-key",
        "같은 사건 번호가 받은편지함에 두 번 드는 것 / one event id is claimed twice",
        in_database(("funding", "alter table inbox drop constraint inbox_pkey")),
        TWICE,
    ),
    guard(
        "inbox-in-the-handlers-transaction",
        "실패한 처리의 표시만 남아 사건을 잃는 것 / a claim outlives its failed handler, and the event is lost",
        wrapped(
            "shared.delivery.inbox:is_first_delivery",
            in_its_own_transaction,
            "받은 표시를 따로 커밋 / the claim is committed by itself",
        ),
        FAILS_ONCE,
    ),
    guard(
        "same-id-other-content",
        "같은 번호의 다른 내용이 조용히 버려지는 것 / other content under a known id passes for a second delivery",
        edited("shared.delivery.inbox:is_first_delivery", "!= digest:", "is None:"),
        CONSUMER + "test_other_content_under_a_known_id_is_a_dead_letter[memory]",
    ),
    guard(
        "wrong-sender",
        "남의 이름이나 남의 토픽으로 온 사건을 믿는 것 / an event of another sender, or on another topic, is believed",
        always("shared.delivery.hearing:refuse_wrong_sender", None),
        CONSUMER + "test_an_event_of_another_sender_or_topic_is_a_dead_letter[memory]",
        PROJECTOR + "test_an_unknown_version_or_another_sender_is_a_dead_letter",
    ),
    guard(
        "unknown-version",
        "모르는 판의 사건을 말없이 건너뛰는 것 / an unknown version of a known event is skipped in silence",
        edited("shared.delivery.hearing:Hearing.event_of", "self.versions.get(base_of(type))", "None"),
        CONSUMER + "test_an_unknown_type_is_skipped_and_an_unknown_version_is_a_dead_letter[memory]",
        PROJECTOR + "test_an_unknown_version_or_another_sender_is_a_dead_letter",
    ),
    guard(
        "future-date",
        "아직 오지 않은 날의 일을 받는 것 / what is dated after today is taken",
        always("shared.values.calendar:refuse_future", None),
        CONSUMER + "test_an_event_from_the_future_is_a_dead_letter[memory]",
        EDGE + "test_a_business_date_that_has_not_come_is_refused",
        "tests/flows/test_funding_agreements.py::test_nothing_can_be_dated_in_the_future",
    ),
    guard(
        "dead-letter-at-once",
        "규칙을 어긴 사건을 거듭 시도하는 것 / what breaks a rule is tried again and again",
        always("shared.delivery.dispatch:is_permanent", False),
        CONSUMER + "test_an_event_against_the_rules_is_a_dead_letter_at_once[memory]",
    ),
    guard(
        "seek-after-failure",
        "실패한 사건을 지나치는 것 / a record that failed is passed over",
        edited("shared.delivery.consumer:Consumer.postpone", "kafka.seek(at, offset)", "pass"),
        FAILS_ONCE,
    ),
    guard(
        "stop-at-the-failed-record",
        "실패한 사건을 뒤의 사건이 앞지르는 것 / what comes behind a failed record overtakes it",
        edited("shared.delivery.consumer:Consumer.run", "break", "continue"),
        CONSUMER + "test_what_comes_behind_a_record_that_fails_waits_for_it[memory]",
    ),
    guard(
        "wait-after-failure",
        "실패한 사건을 쉬지 않고 되풀이하는 것 / a record that failed is tried again without a pause",
        edited("shared.delivery.consumer:Consumer.postpone", "kafka.pause(at)", "pass"),
        CONSUMER + "test_a_record_that_fails_is_left_alone_until_its_time[memory]",
    ),
    guard(
        "acknowledge-after-commit",
        "처리하기 전에 확인해 사건을 잃는 것 / a record is acknowledged before it is settled, and lost by a crash",
        edited(
            "shared.delivery.consumer:Consumer.receive",
            "    await asyncio.gather",
            "    await asyncio.gather(*(self.acknowledge(place(one), one.offset + 1) for one in ordered))\n    await asyncio.gather",
            how="처리 전에 확인 / acknowledges before it settles",
        ),
        KILLS,
    ),
    guard(
        "attempts-outside-the-process",
        "프로세스를 죽이는 사건이 끝없이 되풀이되는 것 / a record that kills its process does so for ever",
        replaced(
            "shared.delivery.deadletters:count",
            forgetful,
            "`deadletters.count`가 앞선 시도를 잊음 / forgets the attempts before",
        ),
        KILLS,
    ),
    guard(
        "careful-restart",
        "죽이는 사건이 이웃을 거듭 데려가 끝나지 않는 것 / nobody knows which record kills the process, and it goes on for ever",
        edited("shared.delivery.doubts:Doubts.mark", "self.careful.add(at)", "pass"),
        KILLS,
    ),
    guard(
        "doubtful-alone",
        "곁에서 처리되던 사건을 탓하는 것 / what was in hand beside a killer is blamed with it",
        edited(
            "shared.delivery.consumer:Consumer.receive",
            "if place(run[0]) in self.doubts.careful:",
            "if False:",
        ),
        DEATHS + "test_after_a_death_what_was_in_hand_is_begun_one_at_a_time[memory]",
    ),
    guard(
        "calm-after-death",
        "밖에서 온 종료를 그때 처리되던 사건 탓으로 돌리는 것 / kills from outside are blamed on the record that they met",
        edited("shared.delivery.doubts:Doubts.attempt", "raise Suspected(deaths)", "pass"),
        DEATHS + "test_a_suspected_record_waits_for_a_calm_while_others_go_on[memory]",
    ),
    guard(
        "several-suspects-are-none",
        "모두를 죽이는 고장에 사건이 하나씩 버려지는 것 / while every record seems to kill, they are given up one by one",
        always("shared.delivery.deadletters:others", False),
        DEATHS + "test_while_several_records_are_suspected_none_of_ours_is_given_up[memory]",
    ),
    guard(
        "in-effect-is-not-given-up",
        "이미 반영된 사건이 처리 못 한 것으로 남는 것 / a record that is in effect becomes a dead letter",
        always("shared.delivery.inbox:is_known", False),
        DEATHS
        + "test_a_record_that_is_in_effect_is_not_given_up_however_often_the_process_died_behind_it[memory]",
    ),
    guard(
        "stop-the-line",
        "줄줄이 실패하는 사건을 모두 버리는 것 / a whole stream becomes dead letters",
        always("shared.delivery.dispatch:Dispatcher.line_problem", None),
        CONSUMER + "test_the_line_stops_instead_of_dead_lettering_the_stream[memory]",
    ),
    guard(
        "outsiders-never-stop-the-line",
        "바깥 시스템의 잘못된 사건이 우리를 멈추는 것 / what outsiders send wrongly stops us",
        always("shared.delivery.kafka:is_ours", True),
        CONSUMER + "test_outsiders_never_stop_the_line[memory]",
    ),
    guard(
        "parked-order",
        "기다리는 사건을 같은 키의 다음 사건이 앞지르는 것 / a parked record is overtaken by the next of its key",
        always("shared.delivery.parking:is_behind", False),
        CONSUMER + "test_a_record_waits_parked_for_what_it_builds_on_and_its_key_stays_in_order[memory]",
    ),
    guard(
        "parked-head-first",
        "기다리던 사건이 거꾸로 풀리는 것 / parked records of a key are taken in another order",
        edited("shared.delivery.parking:HEAD", 'order by "offset" limit', 'order by "offset" desc limit'),
        CONSUMER
        + "test_a_parked_record_is_a_dead_letter_after_its_deadline_with_its_followers_in_order[memory]",
    ),
    guard(
        "away-is-nobodys-fault",
        "데이터베이스 장애를 사건 탓으로 세어 버리는 것 / an outage of the database counts as attempts of the record",
        always("shared.db:is_away", False),
        CONSUMER + "test_while_the_database_is_away_a_record_waits_as_long_as_it_takes[memory]",
    ),
]
