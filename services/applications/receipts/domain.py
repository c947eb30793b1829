"""Receipt numbers such as JSF-2024-0017-29: programme, year, running number, two check digits.

The check is ISO/IEC 7064 MOD 97-10 (as in an IBAN): one wrong character, or two that changed places, is noticed.
"""

from shared.errors import NotFound


def prefix(programme_id: str) -> str:
    """The initials of the programme id's words."""
    return "".join(word[0] for word in programme_id.split("-")).upper()


def number(programme_id: str, year: int, running: int) -> str:
    body = f"{prefix(programme_id)}-{year}-{running:04}"
    return f"{body}-{98 - _digits(body) * 100 % 97:02}"


def checked(given: str) -> str:
    """The number as it is kept, or NotFound for one that was mistyped."""
    text = given.strip().upper()
    body, _, check = text.rpartition("-")
    if not (body.isascii() and check.isascii() and check.isdigit() and len(check) == 2 and _is_plain(body)):
        raise mistyped(given)
    if (_digits(body) * 100 + int(check)) % 97 != 1:
        raise mistyped(given)
    return text


def mistyped(given: str) -> NotFound:
    return NotFound(
        "receipt_number",
        ko=f"접수번호 {given[:40]}을(를) 잘못 적은 것 같습니다. 접수증의 번호를 다시 확인하세요.",
        en="This receipt number seems to be mistyped. Check it against your receipt.",
    )


def _is_plain(body: str) -> bool:
    return body.replace("-", "").isalnum()


def _digits(body: str) -> int:
    """Letters count as 10 to 35."""
    return int("".join(str(int(character, 36)) for character in body.replace("-", "")))
