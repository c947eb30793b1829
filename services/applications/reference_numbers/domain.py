"""Reference numbers such as JSF-2024-0017-29: programme, year, running number, two check digits.

The check digits follow ISO/IEC 7064 MOD 97-10 over two digits per character, so that every wrong character and
every swap of two neighbours is detected (in an IBAN letters and digits differ in width, and some errors pass).
"""

import re

from shared.errors import NotFound

PATTERN = re.compile(r"[A-Z0-9]{1,60}-[0-9]{4}-[0-9]{4,10}-[0-9]{2}")


def prefix(programme_id: str) -> str:
    """Return the initials of the words in the programme id."""
    return "".join(word[0] for word in programme_id.split("-")).upper()


def reference_number(programme_id: str, year: int, running: int) -> str:
    body = f"{prefix(programme_id)}-{year}-{running:04}"
    return f"{body}-{98 - _as_digits(body) * 100 % 97:02}"


def validated(text: str) -> str:
    """Return the number as it is stored; NotFound where its form or its check digits are wrong."""
    normalised = text.strip().upper()
    if (
        not PATTERN.fullmatch(normalised)
        or (_as_digits(normalised[:-3]) * 100 + int(normalised[-2:])) % 97 != 1
    ):
        raise _mistyped(text)
    return normalised


def _mistyped(text: str) -> NotFound:
    return NotFound(
        "receipt_number",
        ko=f"접수번호 {text[:40]}을(를) 잘못 적은 것 같습니다. 접수증의 번호를 다시 확인하세요.",
        en="This receipt number seems to be mistyped. Check it against your receipt.",
    )


def _as_digits(body: str) -> int:
    """Read the characters as one number: 0 to 9 as 00 to 09, A to Z as 10 to 35."""
    return int("".join(f"{int(character, 36):02}" for character in body.replace("-", "")))
