"""Rules of contacts: validation, masking and permissions."""

from uuid import UUID, uuid4

import pytest

from services.notifications.recipients import domain
from services.notifications.recipients.domain import (
    checked_email,
    checked_phone,
    domestic_digits,
    mask_email,
    mask_phone,
    refuse_other_companies,
    require_address,
)
from shared.errors import Forbidden, RuleBroken

COMPANY = UUID("019345aa-0000-7000-8000-000000000001")


def test_email_address_is_normalized() -> None:
    assert checked_email(" kim@EXAMPLE.com ") == "kim@example.com"
    assert checked_email("kim@회사.한국") == "kim@회사.한국"


@pytest.mark.parametrize(
    "address", ["kim", "kim@", "kim@localhost", "김@example.com", "a@example.com\nBcc: b@example.com", ""]
)
def test_invalid_email_address_is_refused_in_both_languages(address: str) -> None:
    with pytest.raises(ValueError, match=r"전자우편 .* / .*e-mail"):
        checked_email(address)


@pytest.mark.parametrize("number", ["010-1234-5678", "01012345678", "+82 10 1234 5678", "010 1234 5678"])
def test_mobile_number_is_stored_as_e164_and_dialled_as_within_korea(number: str) -> None:
    assert checked_phone(number) == "+821012345678"
    assert domestic_digits("+821012345678") == "01012345678"


@pytest.mark.parametrize("number", ["02-123-4567", "063-280-1234", "+1 202 555 0101", "010-12", "전화", ""])
def test_number_that_receives_no_sms_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match=r"휴대전화 .* / .*mobile"):
        checked_phone(number)


def test_masks_leave_only_what_the_owner_recognises() -> None:
    assert mask_email("kimcheolsu@example.com") == "k***@example.com"
    assert mask_email('"k@m"@example.com') == '"***@example.com'
    assert mask_phone("+821012345678") == "010-****-5678"


def test_company_may_access_its_own_contact_only() -> None:
    refuse_other_companies(str(COMPANY), {"company"}, COMPANY)
    refuse_other_companies("officer-1", {"officer"}, COMPANY)

    with pytest.raises(Forbidden) as refused:
        refuse_other_companies(str(uuid4()), {"company"}, COMPANY)
    assert refused.value.rule == "own_contact_only"


def test_contact_without_any_address_is_refused() -> None:
    require_address(None, "+821012345678")
    require_address("kim@example.com", None)

    with pytest.raises(RuleBroken, match=r"^contact_needed: "):
        require_address(None, None)


def test_channels_are_those_with_an_address() -> None:
    assert domain.channels_of(True, False) == ["email"]
    assert domain.channels_of(True, True) == ["email", "sms"]
    assert domain.channels_of(False, False) == []
