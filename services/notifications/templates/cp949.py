"""The byte meter of Korean SMS: what can be sent, how long it is, and what stands in for what cannot.

Lengths are bytes of cp949, which gives every Hangul syllable two; Python's `euc_kr` gives rare ones eight.
Limits are those of the Korean gateways (SOLAPI, SENS).
"""

import unicodedata

SMS_LIMIT = 90
LMS_LIMIT = 2_000
SUBJECT_LIMIT = 40

STAND_INS = str.maketrans(
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


def length(text: str) -> int:
    """Bytes on the air; raises UnicodeEncodeError for what cannot be sent."""
    return len(text.encode("cp949"))


def unsendable(text: str) -> set[str]:
    """The characters for which there is neither a code nor a stand-in."""
    return {letter for letter in _composed(text) if not _has_code(letter)}


def sendable(text: str) -> str:
    """The text in characters that every phone shows: accents fall, what is left over becomes a question mark."""
    return "".join(letter if _has_code(letter) else _plain(letter) for letter in _composed(text))


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes, with an ellipsis where something was cut off; the text must be sendable."""
    if length(text) <= limit:
        return text
    while length(text) > limit - 2:
        text = text[:-1]
    return text.rstrip() + "…"


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(STAND_INS)


def _has_code(letter: str) -> bool:
    try:
        letter.encode("cp949")
    except UnicodeEncodeError:
        return False
    return True


def _plain(letter: str) -> str:
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return base if base and _has_code(base) else "?"
