"""Each guard of the databases: what it prevents, the SQL that removes it, and the tests that fail without it."""

from typing import NamedTuple


class Guard(NamedTuple):
    """A constraint, trigger, index, limit or missing right; `sql` removes it, run as superuser in the service's schema."""

    name: str
    ko: str
    en: str
    service: str
    sql: str
    tests: tuple[str, ...]


LEDGER = "tests/flows/test_funding_ledger.py::"
INTEGRITY = "tests/flows/test_applications_integrity.py::"
INTAKE = "tests/flows/test_applications_intake.py::"
QUEUE = "tests/flows/test_notifications_queue.py::"
AT_MOST_ONCE = "tests/flows/test_notifications_at_most_once.py::"
OUTBOX = "tests/integration/test_outbox.py::"
CONSUMER = "tests/integration/test_consumer.py::"
WEB = "tests/integration/test_web.py::"
MIGRATIONS = "tests/test_migrations.py::"

SIGNATURES = LEDGER + "test_the_database_refuses_a_repeated_person_and_a_skipped_signature"
MONEY_CHECKS = (
    *("posting_amount", "account_kind", "commitment_total", "commitment_shares"),
    *("tranche_total", "tranche_status", "payment_answer", "payment_executed"),
)


def edit_move_balances(old: str, new: str) -> str:
    """Return SQL that replaces a text in funding's function move_balances; it fails where the text is not there."""
    return f"""do $do$ declare code text := pg_get_functiondef('move_balances'::regproc); begin
                   if strpos(code, '{old}') = 0 then raise 'move_balances has no such text'; end if;
                   execute replace(code, '{old}', '{new}');
               end $do$"""


GUARDS = (
    Guard(
        "ledger-balanced",
        "차변과 대변이 다른 분개가 커밋되는 것",
        "a set of postings that does not sum to zero is committed",
        "funding",
        "drop trigger posting_set_sums_to_zero on posting",
        (
            LEDGER + "test_a_set_that_does_not_sum_to_zero_cannot_be_committed",
            LEDGER + "test_a_committed_set_cannot_be_extended",
        ),
    ),
    Guard(
        "ledger-append-only",
        "분개를 소유자가 고치거나 지우는 것",
        "the tables' owner changes or deletes a posting",
        "funding",
        "drop trigger posting_append_only on posting",
        (LEDGER + "test_the_tables_owner_cannot_rewrite_a_posting",),
    ),
    Guard(
        "ledger-rights",
        "서비스가 분개와 잔액을 고칠 권리를 갖는 것",
        "the service has the right to rewrite postings and balances",
        "funding",
        "grant update, delete, truncate on posting, account to ieum_funding",
        tuple(
            f"{LEDGER}test_the_services_role_cannot_rewrite_the_ledger[{statement}]"
            for statement in ("update posting set amount_krw = 1", "truncate posting", "delete from account")
        ),
    ),
    Guard(
        "no-overspending",
        "예산보다 많이 쓰는 것",
        "more is spent than the budget has",
        "funding",
        edit_move_balances("if found then", "if false then")
        + "; alter table account drop constraint account_balance_sign",
        (
            LEDGER + "test_a_budget_shortfall_is_refused_with_the_missing_amount",
            LEDGER + "test_parallel_commitments_succeed_only_up_to_the_budget",
        ),
    ),
    Guard(
        "balance-sign",
        "누가 쓰든 잔액이 0을 넘어서는 것",
        "a balance crosses zero, whoever writes it",
        "funding",
        "alter table account drop constraint account_balance_sign",
        (LEDGER + "test_the_tables_owner_cannot_move_a_balance_across_zero",),
    ),
    Guard(
        "balances-follow",
        "잔액이 분개와 어긋나는 것",
        "balances differ from their postings",
        "funding",
        "drop trigger posting_moves_balances on posting",
        (LEDGER + "test_postings_update_the_balances",),
    ),
    Guard(
        "accounts-in-key-order",
        "두 분개가 서로를 기다리다 교착에 빠지는 것",
        "two sets of postings deadlock",
        "funding",
        edit_move_balances(
            "order by programme_id, fiscal_year, funder, municipality, kind for no key",
            "order by random() for no key",
        ),
        (LEDGER + "test_sets_over_the_same_accounts_never_deadlock",),
    ),
    Guard(
        "posting-needs-its-account",
        "없는 계정에 분개하는 것",
        "a posting to an account that does not exist",
        "funding",
        "alter table posting drop constraint posting_programme_id_fiscal_year_funder_municipality_kind_fkey",
        (LEDGER + "test_a_posting_to_a_missing_account_is_refused",),
    ),
    Guard(
        "past-spending-once",
        "지난 집행을 두 번 올리는 것",
        "past spending is booked twice",
        "funding",
        "drop index posting_past_once",
        (LEDGER + "test_the_database_refuses_the_same_past_spending_twice",),
    ),
    Guard(
        "valid-money-rows",
        "있을 수 없는 금액이나 상태가 저장되는 것",
        "an invalid amount or status is saved",
        "funding",
        """alter table posting drop constraint posting_amount;
           alter table account drop constraint account_kind;
           alter table commitment drop constraint commitment_total, drop constraint commitment_shares;
           alter table tranche drop constraint tranche_total, drop constraint tranche_status;
           alter table payment drop constraint payment_answer, drop constraint payment_executed""",
        tuple(
            f"{LEDGER}test_the_database_refuses_invalid_money_rows[{check}-update]" for check in MONEY_CHECKS
        ),
    ),
    Guard(
        "one-payment-a-tranche",
        "한 회차를 두 번 지급하는 것",
        "a tranche is paid twice",
        "funding",
        "drop index payment_once",
        (LEDGER + "test_the_database_refuses_a_second_payment_unless_the_first_was_rejected",),
    ),
    Guard(
        "treasury-reference-unique",
        "금고 거래 하나가 두 지급으로 잡히는 것",
        "one transfer of the treasury counts as two payments",
        "funding",
        "alter table payment drop constraint payment_treasury_reference_key",
        (LEDGER + "test_the_database_refuses_one_treasury_reference_for_two_payments",),
    ),
    Guard(
        "three-people",
        "한 사람이 신청·승인·지급을 겸하는 것",
        "one person signs twice",
        "funding",
        "alter table tranche drop constraint tranche_three_people",
        (SIGNATURES,),
    ),
    Guard(
        "signatures-in-order",
        "서명을 건너뛰는 것",
        "a signature is skipped",
        "funding",
        "alter table tranche drop constraint tranche_steps_in_order",
        (SIGNATURES,),
    ),
    Guard(
        "signed-for",
        "서명 없이 단계가 나아가는 것",
        "a tranche moves on without its signature",
        "funding",
        "alter table tranche drop constraint tranche_signed_for",
        (SIGNATURES,),
    ),
    Guard(
        "one-case-a-company-and-round",
        "한 기업이 한 공고에 두 번 드는 것",
        "a company has two cases in a round",
        "applications",
        'alter table "case" drop constraint case_round_id_company_id_key',
        (
            INTEGRITY
            + "test_the_database_refuses_a_second_case_or_reference_number[the company's second case]",
        ),
    ),
    Guard(
        "reference-number-unique",
        "한 접수번호가 두 과제에 쓰이는 것",
        "two cases have one reference number",
        "applications",
        'alter table "case" drop constraint case_receipt_number_key',
        (
            INTEGRITY
            + "test_the_database_refuses_a_second_case_or_reference_number[the reference number of another case]",
        ),
    ),
    Guard(
        "business-number-unique",
        "한 사업자가 두 기업으로 등록되는 것",
        "a business is registered as two companies",
        "applications",
        "alter table company drop constraint company_business_number_key",
        (INTAKE + "test_a_business_number_is_registered_once_and_a_refusal_names_the_company",),
    ),
    Guard(
        "past-result-once",
        "지난 실적 하나를 두 번 세는 것",
        "a past result counts twice",
        "applications",
        "alter table recorded_case drop constraint recorded_case_system_record_id_key",
        (INTEGRITY + "test_the_database_refuses_a_second_copy_of_a_past_result",),
    ),
    Guard(
        "case-checks",
        "있을 수 없는 과제가 저장되는 것",
        "an invalid case is saved",
        "applications",
        'alter table "case" drop constraint case_status, drop constraint case_total',
        (INTEGRITY + "test_the_database_refuses_an_invalid_case",),
    ),
    Guard(
        "decided-rows-are-kept",
        "공표·평가·선정한 것을 서비스가 고치는 것",
        "the service rewrites what was published, scored or decided",
        "applications",
        """grant update, delete, truncate on programme_version, programme_proposal, recorded_case, screening,
               review, abandonment, award, agreement, "case" to ieum_applications""",
        (INTEGRITY + "test_the_service_has_no_right_to_rewrite_published_scored_or_decided_rows",),
    ),
    Guard(
        "message-once",
        "한 사건이 같은 알림을 두 번 만드는 것",
        "an event makes the same message twice",
        "notifications",
        "alter table message drop constraint message_event_source_event_id_template_channel_key",
        (QUEUE + "test_enqueueing_an_event_again_makes_no_second_message",),
    ),
    Guard(
        "message-rights",
        "알린 기록을 서비스가 지우는 것",
        "the service deletes messages",
        "notifications",
        "grant delete, truncate on message to ieum_notifications",
        (AT_MOST_ONCE + "test_service_role_cannot_delete_messages",),
    ),
    Guard(
        "sequence-unique",
        "한 대상의 사건 번호가 두 번 쓰이는 것",
        "a subject has two events with one sequence number",
        "applications",
        "alter table event_log drop constraint event_log_subject_sequence_key",
        (OUTBOX + "test_database_refuses_a_second_event_with_the_same_number_or_id[number]",),
    ),
    Guard(
        "event-id-unique",
        "두 사건이 같은 id를 갖는 것",
        "two events have one id",
        "applications",
        "alter table event_log drop constraint event_log_id_key",
        (OUTBOX + "test_database_refuses_a_second_event_with_the_same_number_or_id[id]",),
    ),
    Guard(
        "event-log-append-only",
        "낸 사건을 소유자가 고치거나 지우는 것",
        "the tables' owner changes or deletes an event",
        "applications",
        "drop trigger event_log_append_only on event_log",
        (
            OUTBOX + "test_event_log_cannot_be_changed_even_by_a_superuser",
            MIGRATIONS
            + "test_append_only_table_can_neither_be_changed_nor_deleted[event_log-applications-owner]",
        ),
    ),
    Guard(
        "event-log-rights",
        "서비스가 낸 사건을 고칠 권리를 갖는 것",
        "the service has the right to change its events",
        "applications",
        "grant update, delete, truncate on event_log to ieum_applications",
        (
            MIGRATIONS
            + "test_service_may_only_read_and_insert_into_append_only_tables[event_log-applications]",
        ),
    ),
    Guard(
        "inbox-key",
        "같은 사건이 받은편지함에 두 번 드는 것",
        "an event is claimed twice in the inbox",
        "funding",
        "alter table inbox drop constraint inbox_pkey",
        (CONSUMER + "test_event_delivered_twice_is_handled_once[memory]",),
    ),
    Guard(
        "idempotency-key-unique",
        "동시에 보낸 같은 명령이 여러 번 실행되는 것",
        "one command, sent many times at once, is carried out many times",
        "applications",
        "alter table idempotency_key drop constraint idempotency_key_pkey",
        (WEB + "test_twenty_concurrent_requests_with_one_key_act_once",),
    ),
    Guard(
        "received-is-kept",
        "서비스가 받은편지함·응답·데드 레터를 지우는 것",
        "the service deletes inbox entries, stored answers or dead letters",
        "funding",
        "grant update, delete on inbox, idempotency_key, dead_letter to ieum_funding",
        (MIGRATIONS + "test_service_cannot_change_or_delete_inbox_responses_or_dead_letters[funding]",),
    ),
    Guard(
        "own-schema-only",
        "한 서비스가 다른 서비스의 표를 읽는 것",
        "a service reads another service's tables",
        "applications",
        "grant usage on schema applications to ieum_funding; grant select on event_log to ieum_funding",
        (MIGRATIONS + "test_no_role_has_access_to_another_services_schema[app-funding-applications]",),
    ),
    Guard(
        "no-tables-by-a-service",
        "서비스가 자기 스키마에 표를 만드는 것",
        "a service creates tables in its own schema",
        "funding",
        "grant create on schema funding to ieum_funding",
        (MIGRATIONS + "test_service_cannot_create_tables_even_in_its_own_schema[funding]",),
    ),
    Guard(
        "time-limits",
        "멈춘 작업이 잠금을 끝없이 쥐는 것",
        "work that hangs holds its locks for ever",
        "funding",
        """do $do$ begin
               execute format('alter role ieum_funding in database %I set lock_timeout = 0', current_database());
           end $do$""",
        (MIGRATIONS + "test_statements_locks_and_idle_transactions_of_a_service_time_out[funding]",),
    ),
)
