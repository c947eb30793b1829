"""Guards of the HTTP edge: a command acts once, for who may give it; a page shows what is, to who looks."""

from tests.sabotage.guard import guard, in_its_own_transaction
from tests.sabotage.removals import always, edited, in_database, wrapped

EDGE = "tests/integration/test_edge.py::"
BOARD = "tests/flows/test_monitoring_board.py::"

GUARDS = [
    guard(
        "idempotency-key",
        "다시 보낸 명령이 두 번 실행되는 것 / a command that is sent again acts again",
        always("shared.edge.idempotency:claim", None),
        EDGE + "test_the_same_key_gets_the_same_answer_and_acts_once",
    ),
    guard(
        "idempotency-key-unique",
        "동시에 보낸 같은 명령이 여러 번 실행되는 것 / one command, sent many times at once, acts many times",
        in_database(("applications", "alter table idempotency_key drop constraint idempotency_key_pkey")),
        EDGE + "test_twenty_at_once_with_one_key_act_once",
    ),
    guard(
        "idempotency-fingerprint",
        "다른 내용에 남의 답을 주는 것 / another body gets the first one's answer",
        always("shared.edge.idempotency:fingerprint", b""),
        EDGE + "test_the_same_key_with_another_body_is_refused",
    ),
    guard(
        "idempotency-principal",
        "다른 사람의 키로 그 사람의 답을 보는 것 / one officer's key opens another's answer",
        always("shared.edge.identity:Identity.principal", ""),
        EDGE + "test_one_officers_key_is_not_anothers",
    ),
    guard(
        "idempotency-in-the-commands-transaction",
        "실패한 명령의 키가 남아 다시 하지 못하는 것 / a failed command leaves its key behind",
        wrapped(
            "shared.edge.idempotency:claim",
            in_its_own_transaction,
            "키를 따로 커밋 / the key is committed by itself",
        ),
        EDGE + "test_a_refusal_names_the_rule_and_saves_nothing_and_its_key_may_be_used_again",
    ),
    guard(
        "roles",
        "권한 없는 사람이 명령하는 것 / one whose role may not gives the command",
        always("shared.edge.identity:Actor.has", True),
        EDGE + "test_who_may_not_is_told_who_may",
    ),
    guard(
        "token-claims",
        "만료되거나 남에게 준 토큰을 받는 것 / a token that has expired, or is for another, is taken",
        edited("shared.edge.identity:Identity.actor", "self.claims.validate(claims)", "pass"),
        EDGE + "test_a_token_that_does_not_hold_is_refused",
    ),
    guard(
        "one-moment",
        "숫자끼리 맞지 않는 화면: 그리는 사이에 반영된 것이 반만 보이는 것 / a page's figures are of different moments",
        edited("shared.db:_snapshot", "isolation level repeatable read, "),
        EDGE + "test_what_a_read_is_told_is_of_one_moment_and_it_writes_nothing",
    ),
    guard(
        "kept-page-of-its-facts",
        "현황판이 그린 뒤에 반영된 사건을 모르는 것 / a page shows what was, not what has been folded since it was drawn",
        edited("services.monitoring.board.api:drawn", ", asked.at.folded"),
        BOARD + "test_a_page_that_is_asked_for_again_shows_what_was_folded_meanwhile",
    ),
    guard(
        "kept-page-of-its-reader",
        "다른 사람의 이름이 적힌 화면을 받는 것 / one reader gets the page that was drawn for another",
        edited("services.monitoring.board.api:drawn", "asked.frame.operator, "),
        BOARD + "test_a_page_that_is_asked_for_again_names_whoever_asks",
    ),
]
