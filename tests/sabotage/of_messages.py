"""Guards of messages: each at most once, in the order of its case, and none about the distant past."""

from tests.sabotage.guard import guard
from tests.sabotage.removals import edited, in_database

ONCE = "tests/flows/test_notifications_once.py::"
TOLD = "tests/flows/test_notifications_told.py::"
EMAIL = "tests/flows/test_notifications_email.py::"

GUARDS = [
    guard(
        "claim-before-hand-over",
        "보내다 죽은 메일을 다시 보내는 것 / a mail is sent again after its sender died while handing it over",
        edited(
            "services.notifications.sender:send_batch",
            "    if not claimed:\n        return []\n    outcomes = await hand_over(channel, claimed)",
            "        if not claimed:\n            return []\n        outcomes = await hand_over(channel, claimed)",
            how="보낸 뒤에 커밋 / the claim is committed after the hand-over",
        ),
        ONCE + "test_a_sender_killed_while_it_hands_over_never_sends_twice",
    ),
    guard(
        "claim-lock",
        "두 발송기가 같은 메일을 보내는 것 / two senders send one mail",
        edited("services.notifications.messages.statements:CLAIM", "for update of m skip locked"),
        ONCE + "test_several_senders_at_once_send_each_mail_once",
    ),
    guard(
        "unknown-is-never-sent-again",
        "결과를 모르는 메일을 다시 보내는 것 / a mail whose outcome is unknown is sent again",
        edited(
            "services.notifications.messages.domain:moved_by", "Move(State.UNKNOWN,", "Move(State.QUEUED,"
        ),
        "tests/unit/test_notifications_messages.py::test_each_answer_of_a_provider_moves_as_the_table_allows",
    ),
    guard(
        "message-once",
        "한 사건이 같은 알림을 두 번 만드는 것 / one event makes the same message twice",
        in_database(
            (
                "notifications",
                "alter table message drop constraint message_event_source_event_id_template_channel_key",
            )
        ),
        TOLD + "test_an_event_that_is_told_again_makes_no_second_message",
    ),
    guard(
        "messages-of-a-case-in-order",
        "한 과제의 뒤 알림이 앞 알림을 앞지르는 것 / a later message of a case overtakes the one before",
        edited(
            "services.notifications.messages.statements:CLAIM",
            "and earlier.position < m.position",
            "and false",
        ),
        EMAIL + "test_a_mail_refused_for_now_is_tried_again_and_the_next_of_its_case_waits_behind_it",
    ),
    guard(
        "message-deadline",
        "오래된 일을 이제 와서 알리는 것 / something old is told as if it were new",
        edited(
            "services.notifications.messages.commands:tell",
            "if not rule.holds(event, envelope.time, now()):",
            "if False:",
        ),
        TOLD + "test_what_was_recorded_long_ago_is_told_to_nobody_but_its_case_is_known",
    ),
    guard(
        "message-rights",
        "알린 기록을 서비스가 지우는 것 / the service deletes what it has told",
        in_database(("notifications", "grant delete, truncate on message to ieum_notifications")),
        ONCE + "test_the_service_itself_cannot_take_a_message_away",
    ),
]
