"""Reference numbers: readable, and every typing error is detected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.applications.reference_numbers.domain import prefix, reference_number, validated
from shared.errors import NotFound

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def is_valid(text: str) -> bool:
    try:
        validated(text)
    except NotFound:
        return False
    return True


def test_a_reference_number_names_the_programme_and_the_year() -> None:
    issued = reference_number("jeonbuk-smart-factory", 2024, 17)

    assert issued.startswith("JSF-2024-0017-")
    assert validated(issued.lower() + " ") == issued


def test_the_check_digits_follow_iso_7064() -> None:
    body = "".join(f"{int(character, 36):02}" for character in "JSF20240017")

    check = reference_number("jeonbuk-smart-factory", 2024, 17)[-2:]

    assert int(body + check) % 97 == 1


def test_one_wrong_character_is_always_detected() -> None:
    right = reference_number("jeonbuk-smart-factory", 2024, 17)
    wrong = [
        right[:at] + character + right[at + 1 :]
        for at, original in enumerate(right)
        for character in ALPHABET
        if original not in ("-", character)
    ]

    assert len(wrong) == 13 * 35
    assert [text for text in wrong if is_valid(text)] == []


@given(st.integers(1, 99_999), st.integers(0, 9))
def test_two_swapped_neighbours_are_detected(running: int, at: int) -> None:
    right = reference_number("jeonbuk-smart-factory", 2024, running)
    first, second = right[at], right[at + 1]
    swapped = right[:at] + second + first + right[at + 2 :]

    assert is_valid(swapped) == (first == second)


@pytest.mark.parametrize("text", ["", "-", "JSF-2024-0017", "JSF-2024-0017-4", "접수-2024-0017-42", "-42"])
def test_text_of_another_form_is_refused_as_mistyped(text: str) -> None:
    with pytest.raises(NotFound, match=r"^receipt_number: "):
        validated(text)


def test_the_prefix_is_the_initials_of_the_programme() -> None:
    assert (prefix("jeonbuk-smart-factory"), prefix("gimcheon-export-scaleup")) == ("JSF", "GES")
