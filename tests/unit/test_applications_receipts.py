"""Receipt numbers: readable, and wrong in one place is wrong at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.applications.receipts.domain import checked, number, prefix
from shared.errors import NotFound

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_a_receipt_names_the_programme_and_the_year() -> None:
    found = number("jeonbuk-smart-factory", 2024, 17)

    assert found.startswith("JSF-2024-0017-")
    assert checked(found.lower() + " ") == found


def test_the_check_is_that_of_the_standard() -> None:
    body = "".join(str(int(character, 36)) for character in "JSF20240017")

    check = number("jeonbuk-smart-factory", 2024, 17)[-2:]

    assert int(body + check) % 97 == 1


@given(st.integers(1, 9_999), st.integers(0, 12), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(running: int, place: int, wrong: str) -> None:
    right = number("jeonbuk-smart-factory", 2024, running)
    at = [index for index, character in enumerate(right) if character != "-"][place]
    given_number = right[:at] + wrong + right[at + 1 :]

    if given_number == right:
        assert checked(given_number) == right
    else:
        with pytest.raises(NotFound, match="receipt_number"):
            checked(given_number)


@pytest.mark.parametrize(
    "given_number", ["", "-", "JSF-2024-0017", "JSF-2024-0017-4", "접수-2024-0017-42", "-42"]
)
def test_what_is_no_receipt_number_is_said_to_be_mistyped(given_number: str) -> None:
    with pytest.raises(NotFound, match="receipt_number"):
        checked(given_number)


def test_the_prefix_is_the_initials_of_the_programme() -> None:
    assert (prefix("jeonbuk-smart-factory"), prefix("gimcheon-export-scaleup")) == ("JSF", "GES")
