"""Guards around a service: its connections, its schema, and the work of its timer."""

from tests.sabotage.guard import guard
from tests.sabotage.removals import edited, in_database

SERVICE = "tests/integration/test_service.py::"
# One case: each that is red leaves its open transaction behind, and those after it wait for that.
CUT_OFF = "test_what_is_committed_after_a_task_was_cut_off_stays[cut off after 3 turns of the loop-fast_transaction]"
MIGRATIONS = "tests/test_migrations.py::"

GUARDS = [
    guard(
        "no-open-transaction-in-the-pool",
        "끊긴 작업의 열린 트랜잭션이 다음 커밋을 삼키는 것 / an open transaction of a cut-off task swallows the next commit",
        edited(
            "shared.db:Database.fast_transaction",
            "raw.terminate()\n                await connection.invalidate()",
            "pass",
        ),
        SERVICE + CUT_OFF,
    ),
    guard(
        "own-schema-only",
        "한 서비스가 다른 서비스의 표를 읽는 것 / a service reads another service's tables",
        in_database(
            (
                "applications",
                "grant usage on schema applications to ieum_funding; grant select on event_log to ieum_funding",
            )
        ),
        MIGRATIONS + "test_no_role_gets_into_another_services_schema[app-funding-applications]",
    ),
    guard(
        "no-tables-by-a-service",
        "서비스가 자기 스키마의 표를 만들거나 없애는 것 / a service makes tables in its own schema",
        in_database(("funding", "grant create on schema funding to ieum_funding")),
        MIGRATIONS + "test_a_service_makes_no_tables_even_in_its_own_schema[funding]",
    ),
    guard(
        "received-is-kept",
        "서비스가 받은 표시·답·죽은 편지를 지우는 것 / a service takes back what it received, answered or gave up",
        in_database(
            ("funding", "grant update, delete on inbox, idempotency_key, dead_letter to ieum_funding")
        ),
        MIGRATIONS + "test_a_service_cannot_take_back_what_it_received_answered_or_gave_up[funding]",
    ),
    guard(
        "time-limits",
        "멈춘 작업이 잠금을 끝없이 쥐는 것 / work that hangs holds its locks for ever",
        in_database(
            (
                "funding",
                """do $$ begin
                       execute format('alter role ieum_funding in database %I set lock_timeout = 0', current_database());
                   end $$""",
            ),
            how="`lock_timeout = 0` (ieum_funding)",
        ),
        MIGRATIONS + "test_nothing_that_a_service_asks_or_holds_lasts_for_ever[funding]",
    ),
    guard(
        "deadline-told-once",
        "기한 하나를 두 번 알리는 것 / one deadline is told twice",
        edited("services.monitoring.milestones.commands:open_milestones", ".with_for_update()"),
        "tests/flows/test_monitoring_rooms.py::test_two_timers_at_once_tell_each_deadline_once",
    ),
]
