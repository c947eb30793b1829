"""Encoding of Korean SMS: byte lengths, replacements and truncation."""

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.templates import cp949


def test_45_hangul_syllables_are_90_bytes() -> None:
    assert cp949.byte_length("가" * 45) == cp949.SMS_LIMIT


def test_rare_syllable_is_two_bytes_like_any_other() -> None:
    assert cp949.byte_length("똠방각하 펲시콜라") == 17


def test_characters_without_a_code_are_replaced() -> None:
    assert cp949.to_encodable("1–2 — a\u00a0b • ₩1,000 ㈜ é\u200b") == "1-2 - a b · ￦1,000 ㈜ e"


def test_decomposed_hangul_is_composed() -> None:
    assert cp949.to_encodable("\u1100\u1161") == "가"


def test_character_without_code_or_replacement_is_listed_and_becomes_a_question_mark() -> None:
    assert cp949.unencodable("축하 🎉") == {"🎉"}
    assert cp949.to_encodable("축하 🎉") == "축하 ?"


def test_truncation_never_splits_a_syllable() -> None:
    assert cp949.truncate("가나다라마", 9) == "가나다…"
    assert cp949.truncate("가나다라", 8) == "가나다라"


@given(st.text())
def test_any_text_made_encodable_can_be_measured_and_truncated(text: str) -> None:
    encodable = cp949.to_encodable(text)

    assert cp949.byte_length(cp949.truncate(encodable, 40)) <= 40
    assert cp949.unencodable(encodable) == set()
