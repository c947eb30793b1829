"""Rules of contacts: valid addresses, permission to see or change them, and masking."""

from collections.abc import Set
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from pydantic import AfterValidator

from shared.errors import Forbidden, RuleBroken

Channel = Literal["email", "sms"]
STAFF = frozenset({"officer", "operator", "auditor"})
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class Language(StrEnum):
    KO = "ko"
    EN = "en"


def checked_email(address: str) -> str:
    """Return the normalized address; raises ValueError with a bilingual message. Makes no DNS query."""
    try:
        return validate_email(address.strip(), check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise ValueError(
            "전자우편 주소의 형식이 맞지 않습니다. 이름@기관.kr 같은 모양인지 확인하세요. "
            "/ This is not an e-mail address: check that it reads like name@company.kr."
        ) from error


def checked_phone(number: str) -> str:
    """Return a Korean mobile number as E.164; raises ValueError with a bilingual message for any other number."""
    try:
        parsed = phonenumbers.parse(number, "KR")
    except NumberParseException:
        parsed = None
    if (
        parsed is None
        or not phonenumbers.is_valid_number_for_region(parsed, "KR")
        or phonenumbers.number_type(parsed) not in MOBILE
    ):
        raise ValueError(
            "문자를 받을 수 있는 국내 휴대전화 번호가 아닙니다. 010으로 시작하는 번호를 적어 주세요. "
            "/ This is not a Korean mobile number: give one that can receive SMS, such as 010-1234-5678."
        )
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


Email = Annotated[str, AfterValidator(checked_email)]
Phone = Annotated[str, AfterValidator(checked_phone)]


def channels_of(has_email: bool, has_phone: bool) -> list[Channel]:
    reachable: dict[Channel, bool] = {"email": has_email, "sms": has_phone}
    return [channel for channel, is_reachable in reachable.items() if is_reachable]


def domestic_digits(phone: str) -> str:
    """The digits of an E.164 number as dialled within Korea."""
    return "".join(filter(str.isdigit, national_format(phone)))


def national_format(phone: str) -> str:
    return str(phonenumbers.format_number(phonenumbers.parse(phone, "KR"), PhoneNumberFormat.NATIONAL))


def mask_email(address: str) -> str:
    """Mask an e-mail address but for its first letter and domain."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"


def mask_phone(phone: str) -> str:
    """Mask a phone number but for its first and last group of digits."""
    first, *_, last = national_format(phone).split("-")
    return f"{first}-****-{last}"


def refuse_other_companies(actor_id: str, roles: Set[str], company_id: UUID) -> None:
    """Raise Forbidden unless the actor is staff or the company itself."""
    if not roles & STAFF and actor_id != str(company_id):
        raise Forbidden(
            "own_contact_only",
            ko="다른 기업의 연락처는 볼 수도 고칠 수도 없습니다. 그 기업이나 담당자가 해야 합니다.",
            en="You may see and change your own company's contact only. Ask that company or the officer in charge.",
        )


def require_address(email: str | None, phone: str | None) -> None:
    if not email and not phone:
        raise RuleBroken(
            "contact_needed",
            ko="전자우편 주소나 휴대전화 번호 가운데 하나는 있어야 합니다. 연락처를 없애려면 삭제(DELETE)하세요.",
            en="Give an e-mail address or a mobile number, or both. To remove the contact, DELETE it.",
        )
