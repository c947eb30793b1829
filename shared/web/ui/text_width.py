"""Widths of labels in the pages' font, from a table of its advance widths.

The table is measured in a browser (`python -m tests.e2e.font_widths`), in thousandths of the font's size. Kerning is
left out, so that a label is at most as wide as it is said to be.
"""

import json
from functools import lru_cache
from pathlib import Path

TABLE = json.loads((Path(__file__).parent / "font_widths.json").read_text(encoding="utf-8"))
HANGUL: float = TABLE["hangul"]
OTHER: float = TABLE["other"]
WIDTHS: dict[bool, dict[str, float]] = {False: TABLE["regular"], True: TABLE["bold"]}


@lru_cache(maxsize=10_000)
def text_width(text: str, size: float = 13, *, bold: bool = False) -> float:
    """Return the width of a label in px."""
    widths = WIDTHS[bold]
    return sum(HANGUL if "가" <= sign <= "힣" else widths.get(sign, OTHER) for sign in text) * size / 1_000
