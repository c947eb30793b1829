"""The byte meter of Korean SMS."""

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.templates import cp949


def test_forty_five_hangul_syllables_are_ninety_bytes() -> None:
    assert cp949.length("가" * 45) == cp949.SMS_LIMIT


def test_a_rare_syllable_counts_two_bytes_like_any_other() -> None:
    assert cp949.length("똠방각하 펲시콜라") == 17


def test_what_phones_cannot_show_is_replaced_by_its_stand_in() -> None:
    assert cp949.sendable("1–2 — a\u00a0b • ₩1,000 ㈜ é\u200b") == "1-2 - a b · ￦1,000 ㈜ e"


def test_decomposed_hangul_is_composed_before_it_is_counted() -> None:
    assert cp949.sendable("\u1100\u1161") == "가"


def test_what_has_no_stand_in_is_named_and_becomes_a_question_mark() -> None:
    assert cp949.unsendable("축하 🎉") == {"🎉"}
    assert cp949.sendable("축하 🎉") == "축하 ?"


def test_a_cut_never_splits_a_syllable() -> None:
    assert cp949.cut("가나다라마", 9) == "가나다…"
    assert cp949.cut("가나다라", 8) == "가나다라"


@given(st.text())
def test_whatever_was_made_sendable_can_be_measured_and_cut(text: str) -> None:
    ready = cp949.sendable(text)

    assert cp949.length(cp949.cut(ready, 40)) <= 40
    assert cp949.unsendable(ready) == set()
