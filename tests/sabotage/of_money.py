"""Guards of public money: the ledger, its balances, and one payment a tranche by three people."""

from tests.sabotage.guard import guard
from tests.sabotage.removals import always, edited, in_database

LEDGER = "tests/flows/test_funding_ledger.py::"
PAYMENTS = "tests/flows/test_funding_payments.py::"
AGREEMENTS = "tests/flows/test_funding_agreements.py::"
STOPS = "tests/flows/test_funding_stops.py::"
BY_ITS_OWN_ROLE = LEDGER + "test_the_services_own_role_cannot_rewrite_the_books"
CHECKS = (
    *("posting_amount", "account_kind", "commitment_total", "commitment_shares"),
    *("tranche_total", "tranche_status", "payment_answer", "payment_executed"),
)


def without(function: str, old: str, new: str = "") -> tuple[str, str]:
    """A function of funding's schema, made anew from its edited text; it fails where the text is not there."""
    return (
        "funding",
        f"""do $sabotage$
            declare known text := pg_get_functiondef('{function}'::regproc);
            begin
                if strpos(known, $old${old}$old$) = 0 then raise 'the function has no such text'; end if;
                execute replace(known, $old${old}$old$, $new${new}$new$);
            end $sabotage$""",
    )


GUARDS = [
    guard(
        "ledger-balanced",
        "차변과 대변이 다른 분개가 커밋되는 것 / a set that does not sum to zero is committed",
        in_database(("funding", "drop trigger posting_set_sums_to_zero on posting")),
        LEDGER + "test_a_set_that_does_not_sum_to_zero_cannot_be_committed",
        LEDGER + "test_a_committed_set_cannot_be_added_to",
    ),
    guard(
        "ledger-append-only",
        "분개를 소유자가 고치거나 지우는 것 / a posting is changed or deleted by the tables' owner",
        in_database(("funding", "drop trigger posting_append_only on posting")),
        LEDGER + "test_even_the_tables_owner_cannot_rewrite_a_posting",
    ),
    guard(
        "ledger-rights",
        "서비스가 분개와 잔액을 고칠 권리를 갖는 것 / the service holds the right to rewrite postings and balances",
        in_database(("funding", "grant update, delete, truncate on posting, account to ieum_funding")),
        BY_ITS_OWN_ROLE,
    ),
    guard(
        "no-overspending",
        "예산보다 많이 쓰는 것 / more is spent than there is",
        in_database(
            without("move_balances", "if found then", "if false then"),
            ("funding", "alter table account drop constraint account_balance_sign"),
            how="`move_balances`와 `account_balance_sign`의 검사 없앰 / neither checks any more",
        ),
        LEDGER + "test_too_little_money_is_refused_with_the_missing_amount",
        LEDGER + "test_of_parallel_commitments_only_what_the_budget_bears_go_through",
    ),
    guard(
        "balance-sign",
        "누가 쓰든 잔액이 0을 넘어서는 것 / a balance crosses zero, whoever writes it",
        in_database(("funding", "alter table account drop constraint account_balance_sign")),
        LEDGER + "test_no_balance_crosses_zero_even_by_the_tables_owner",
    ),
    guard(
        "balances-follow",
        "잔액이 분개와 어긋나는 것 / balances part from their postings",
        in_database(("funding", "drop trigger posting_moves_balances on posting")),
        LEDGER + "test_money_moves_and_the_balances_follow",
    ),
    guard(
        "accounts-in-key-order",
        "두 분개가 서로를 기다리다 죽는 것 / two sets wait for each other in a circle",
        in_database(
            without(
                "move_balances",
                "order by programme_id, fiscal_year, funder, municipality, kind for no key",
                "order by random() for no key",
            ),
            how="`move_balances`가 계정을 아무 순서로나 잠금 / locks accounts in any order",
        ),
        LEDGER + "test_sets_over_the_same_accounts_in_any_order_never_wait_in_a_circle",
    ),
    guard(
        "posting-needs-its-account",
        "없는 계정에 분개하는 것 / a posting into an account that is not there",
        in_database(
            (
                "funding",
                "alter table posting drop constraint posting_programme_id_fiscal_year_funder_municipality_kind_fkey",
            )
        ),
        LEDGER + "test_nothing_is_posted_to_an_account_that_is_not_there",
    ),
    guard(
        "past-spending-once",
        "지난 집행을 두 번 올리는 것 / past spending is booked twice",
        in_database(("funding", "drop index posting_past_once")),
        LEDGER + "test_the_database_refuses_the_same_past_spending_twice",
    ),
    guard(
        "money-that-can-be",
        "있을 수 없는 금액이나 상태가 저장되는 것 / an amount or a state that cannot be is saved",
        in_database(
            (
                "funding",
                """alter table posting drop constraint posting_amount;
                   alter table account drop constraint account_kind;
                   alter table commitment drop constraint commitment_total, drop constraint commitment_shares;
                   alter table tranche drop constraint tranche_total, drop constraint tranche_status;
                   alter table payment drop constraint payment_answer, drop constraint payment_executed""",
            )
        ),
        *(f"{LEDGER}test_the_database_refuses_money_that_cannot_be[{one}-update]" for one in CHECKS),
    ),
    guard(
        "one-payment-a-tranche",
        "한 회차를 두 번 지급하는 것 / one tranche is paid twice",
        in_database(("funding", "drop index payment_once")),
        LEDGER + "test_the_database_refuses_a_second_payment_unless_the_first_was_rejected",
    ),
    guard(
        "treasury-reference-unique",
        "금고 거래 하나가 두 지급으로 잡히는 것 / one transfer of the treasury counts as two payments",
        in_database(("funding", "alter table payment drop constraint payment_treasury_reference_key")),
        LEDGER + "test_the_database_refuses_one_treasury_reference_for_two_payments",
    ),
    guard(
        "treasury-reference-in-words",
        "겹친 금고 거래를 이유 없이 거절하는 것 / a treasury reference that is known is refused without words",
        always("services.funding.payments.commands:refuse_known_reference", None),
        PAYMENTS + "test_one_treasury_reference_stands_for_one_payment",
    ),
    guard(
        "payment-answered-once",
        "금고의 두 번째 지급 답을 또 반영하는 것 / a second execution of a payment is booked again",
        always("services.funding.payments.domain:refuse_answered", None),
        PAYMENTS + "test_a_second_execution_of_a_payment_is_a_dead_letter_and_pays_nothing",
    ),
    guard(
        "payment-amount",
        "지급명령과 다른 금액을 받아들이는 것 / the treasury's other amount is taken",
        always("services.funding.payments.domain:refuse_other_amount", None),
        PAYMENTS + "test_what_the_treasury_says_is_checked[changes0-payment_amount]",
    ),
    guard(
        "three-people-in-the-database",
        "한 사람이 신청·승인·지급을 겸하는 것 (데이터베이스) / one person signs twice (database)",
        in_database(("funding", "alter table tranche drop constraint tranche_three_people")),
        LEDGER + "test_the_database_refuses_the_same_person_twice_and_a_skipped_signature",
    ),
    guard(
        "three-people",
        "한 사람이 신청·승인·지급을 겸하는 것 / one person signs twice",
        always("services.funding.tranches.domain:refuse_same_person", None),
        "tests/unit/test_funding_tranches.py::test_the_requester_cannot_approve_or_reject",
        "tests/unit/test_funding_payments.py::test_the_payer_is_a_third_person",
    ),
    guard(
        "signatures-in-order",
        "서명을 건너뛰는 것 / a signature is skipped",
        in_database(("funding", "alter table tranche drop constraint tranche_steps_in_order")),
        LEDGER + "test_the_database_refuses_the_same_person_twice_and_a_skipped_signature",
    ),
    guard(
        "signed-for",
        "서명 없이 단계가 나아가는 것 / a tranche moves on without its signature",
        in_database(("funding", "alter table tranche drop constraint tranche_signed_for")),
        LEDGER + "test_the_database_refuses_the_same_person_twice_and_a_skipped_signature",
    ),
    guard(
        "case-account-lock",
        "동시에 갖춰진 두 조건이 서로를 못 보는 것 / of two conditions met at once, neither sees the other",
        edited("services.funding.commitments.commands:load", "with_for_update=True", "with_for_update=None"),
        PAYMENTS + "test_of_two_conditions_that_come_true_at_once_the_second_sees_the_first",
    ),
    guard(
        "company-lock",
        "폐업과 협약이 엇갈려 폐업한 기업에 지급하는 것 / a closure and an agreement miss each other",
        edited("services.funding.companies.commands:lock", "with_for_update=True", "with_for_update=None"),
        STOPS + "test_a_closure_and_an_agreement_at_once_cannot_miss_each_other",
    ),
    guard(
        "one-agreement-a-case",
        "협약 하나를 두 번 약정하는 것 / one case's agreement is committed twice",
        always("services.funding.tranches.commands:refuse_second_agreement", None),
        AGREEMENTS + "test_a_second_agreement_of_a_case_is_a_dead_letter",
    ),
]
