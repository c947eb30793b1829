"""Encoding of Korean SMS (cp949): length in bytes, truncation, and replacements for characters without a code.

Lengths are bytes of cp949, which gives every Hangul syllable two; Python's `euc_kr` gives rare ones eight.
Limits are those of the Korean gateways (SOLAPI, SENS).
"""

import unicodedata

SMS_LIMIT = 90
LMS_LIMIT = 2_000
SUBJECT_LIMIT = 40

REPLACEMENTS = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "‑": "-",
        "−": "-",
        "•": "·",
        "‧": "·",
        "₩": "￦",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u200b": "",
        "\u200d": "",
        "\ufeff": "",
        "\ufe0f": "",
        "©": "(c)",
    }
)


def byte_length(text: str) -> int:
    """Length in cp949 bytes; raises UnicodeEncodeError for a character without a code."""
    return len(text.encode("cp949"))


def unencodable(text: str) -> set[str]:
    """The characters that have neither a code nor a replacement."""
    return {character for character in _composed(text) if not _has_code(character)}


def to_encodable(text: str) -> str:
    """Replace characters without a code: by their replacement, by their base letter, or else by a question mark."""
    return "".join(
        character if _has_code(character) else _without_accents(character) for character in _composed(text)
    )


def truncate(text: str, limit: int) -> str:
    """Truncate an encodable text to `limit` bytes, with an ellipsis if anything was cut off."""
    if byte_length(text) <= limit:
        return text
    while byte_length(text) > limit - 2:
        text = text[:-1]
    return text.rstrip() + "…"


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(REPLACEMENTS)


def _has_code(character: str) -> bool:
    try:
        character.encode("cp949")
    except UnicodeEncodeError:
        return False
    return True


def _without_accents(character: str) -> str:
    base = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    return base if base and _has_code(base) else "?"
