"""Receipt numbers: readable, and wrong in one place is wrong at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.applications.reference_numbers.domain import checked, number, prefix
from shared.errors import NotFound

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def is_taken(given_number: str) -> bool:
    try:
        checked(given_number)
    except NotFound:
        return False
    return True


def test_a_receipt_names_the_programme_and_the_year() -> None:
    found = number("jeonbuk-smart-factory", 2024, 17)

    assert found.startswith("JSF-2024-0017-")
    assert checked(found.lower() + " ") == found


def test_the_check_is_that_of_the_standard() -> None:
    body = "".join(f"{int(character, 36):02}" for character in "JSF20240017")

    check = number("jeonbuk-smart-factory", 2024, 17)[-2:]

    assert int(body + check) % 97 == 1


def test_one_wrong_character_is_always_noticed() -> None:
    right = number("jeonbuk-smart-factory", 2024, 17)
    wrong = [
        right[:at] + character + right[at + 1 :]
        for at, given_character in enumerate(right)
        for character in ALPHABET
        if given_character not in ("-", character)
    ]

    assert len(wrong) == 13 * 35
    assert [one for one in wrong if is_taken(one)] == []


@given(st.integers(1, 99_999), st.integers(0, 9))
def test_two_neighbours_that_changed_places_are_noticed(running: int, at: int) -> None:
    right = number("jeonbuk-smart-factory", 2024, running)
    first, second = right[at], right[at + 1]
    swapped = right[:at] + second + first + right[at + 2 :]

    assert is_taken(swapped) == (first == second)


@pytest.mark.parametrize(
    "given_number", ["", "-", "JSF-2024-0017", "JSF-2024-0017-4", "접수-2024-0017-42", "-42"]
)
def test_what_is_no_receipt_number_is_said_to_be_mistyped(given_number: str) -> None:
    with pytest.raises(NotFound, match="receipt_number"):
        checked(given_number)


def test_the_prefix_is_the_initials_of_the_programme() -> None:
    assert (prefix("jeonbuk-smart-factory"), prefix("gimcheon-export-scaleup")) == ("JSF", "GES")
