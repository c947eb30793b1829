"""Guards of applications: once a round, one receipt a number, decided once, and nothing rewritten."""

from tests.sabotage.guard import guard
from tests.sabotage.removals import always, edited, in_database

GUARDS_OF = "tests/flows/test_applications_guards.py::"
INTAKE = "tests/flows/test_applications_intake.py::"
OUTSIDERS = "tests/flows/test_applications_outsiders.py::"
SELECTION = "tests/flows/test_applications_selection.py::"
REWRITE = GUARDS_OF + "test_the_service_itself_cannot_rewrite_what_was_published_scored_or_decided"
CASE_ONCE = GUARDS_OF + "test_the_database_itself_refuses_a_second_case_or_receipt"

GUARDS = [
    guard(
        "one-case-a-company-and-round",
        "한 기업이 한 공고에 두 번 드는 것 (데이터베이스) / a company has two cases in a round (database)",
        in_database(("applications", 'alter table "case" drop constraint case_round_id_company_id_key')),
        CASE_ONCE + "[the company's second case]",
    ),
    guard(
        "once-a-round",
        "두 번째 신청을 이유 없이 거절하는 것 / a second application is refused without words",
        edited("services.applications.cases.commands:BEFORE", "company_id = $2", "company_id = $2 and false"),
        INTAKE + "test_a_company_applies_once_a_round_even_when_it_asks_twice_at_once",
    ),
    guard(
        "receipt-number-unique",
        "한 접수번호가 두 과제에 쓰이는 것 / one receipt number stands for two cases",
        in_database(("applications", 'alter table "case" drop constraint case_receipt_number_key')),
        CASE_ONCE + "[the receipt of another case]",
    ),
    guard(
        "business-number-unique",
        "한 사업자가 두 기업으로 등록되는 것 / one business is registered as two companies",
        in_database(("applications", "alter table company drop constraint company_business_number_key")),
        INTAKE + "test_a_business_number_is_registered_once_and_the_refusal_names_the_company",
    ),
    guard(
        "past-result-once",
        "지난 실적 하나를 두 번 세는 것 / one past result is counted twice",
        in_database(
            ("applications", "alter table recorded_case drop constraint recorded_case_system_record_id_key")
        ),
        GUARDS_OF + "test_the_database_itself_refuses_a_past_result_that_is_known",
    ),
    guard(
        "case-checks",
        "있을 수 없는 과제가 저장되는 것 / a case that cannot be is saved",
        in_database(
            ("applications", 'alter table "case" drop constraint case_status, drop constraint case_total')
        ),
        GUARDS_OF + "test_the_database_itself_refuses_a_case_that_cannot_be",
    ),
    guard(
        "decided-rows-are-kept",
        "공표·평가·선정한 것을 서비스가 고치는 것 / the service rewrites what was published, scored or decided",
        in_database(
            (
                "applications",
                """grant update, delete, truncate on programme_version, programme_proposal, recorded_case, screening,
                   review, abandonment, place, agreement, "case" to ieum_applications""",
            )
        ),
        REWRITE,
    ),
    guard(
        "round-lock",
        "철회 중인 신청을 선정하는 것 / an application that is being withdrawn is selected",
        edited("services.applications.cases.commands:load_round", ".with_for_update()"),
        GUARDS_OF + "test_a_selection_waits_for_a_withdrawal_that_is_under_way",
    ),
    guard(
        "reserve-lock",
        "빈자리 둘을 한 예비 과제가 모두 받는 것 / two free places go to one case in reserve",
        edited("services.applications.places.commands:promote_next", ".with_for_update(of=Place)"),
        SELECTION + "test_two_places_given_up_at_once_promote_two_different_cases",
    ),
    guard(
        "quota",
        "정원보다 많이 선정하는 것 / more are selected than there are places",
        always("services.applications.places.domain:refuse_full", None),
        OUTSIDERS + "test_a_round_with_a_quota_takes_no_more_than_that",
    ),
]
