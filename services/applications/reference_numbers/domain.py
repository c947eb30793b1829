"""Receipt numbers such as JSF-2024-0017-29: programme, year, running number, two check digits.

The check is ISO/IEC 7064 MOD 97-10 over two digits a character, so that every wrong character and every two
neighbours that changed places are noticed (an IBAN's letters and digits differ in width, and some slip through).
"""

import re

from shared.errors import NotFound

SHAPE = re.compile(r"[A-Z0-9]{1,60}-[0-9]{4}-[0-9]{4,10}-[0-9]{2}")


def prefix(programme_id: str) -> str:
    """The initials of the programme id's words."""
    return "".join(word[0] for word in programme_id.split("-")).upper()


def number(programme_id: str, year: int, running: int) -> str:
    body = f"{prefix(programme_id)}-{year}-{running:04}"
    return f"{body}-{98 - _digits(body) * 100 % 97:02}"


def checked(given: str) -> str:
    """The number as it is kept, or NotFound for one that was mistyped."""
    text = given.strip().upper()
    if not SHAPE.fullmatch(text) or (_digits(text[:-3]) * 100 + int(text[-2:])) % 97 != 1:
        raise mistyped(given)
    return text


def mistyped(given: str) -> NotFound:
    return NotFound(
        "receipt_number",
        ko=f"접수번호 {given[:40]}을(를) 잘못 적은 것 같습니다. 접수증의 번호를 다시 확인하세요.",
        en="This receipt number seems to be mistyped. Check it against your receipt.",
    )


def _digits(body: str) -> int:
    """0 to 9 count as 00 to 09, A to Z as 10 to 35."""
    return int("".join(f"{int(character, 36):02}" for character in body.replace("-", "")))
