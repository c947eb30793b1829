"""Inline SVG from the server, in one notation: actual filled, plan outlined, shortfall hatched, target a tick.

Geometry stands in attributes and colour in classes, so that a strict content security policy, themes and
print all hold. Values are counts or won; only their proportions matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from markupsafe import Markup, escape

from shared.values.money import Funder

Kind = Literal["actual", "actual2", "plan", "short"] | Funder
"""How a piece is drawn: `actual2` is the lighter of two that were reached, a funder has a colour of its own."""

TEXT_WIDTH = {True: 13, False: 7}  # px of a Korean and of any other sign, at 13 px


class Part(NamedTuple):
    """One piece of a bar: how much, drawn how, said how (empty: not labelled)."""

    value: int
    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures of upright bars, in px: each stands in the middle of its slot, at most `most` wide."""

    css: str
    width: int
    tall: int  # of the highest bar
    line: int  # of text above a bar
    foot: int  # of the name below it
    most: int
    gap: int
    lines: int = 0  # above a bar, at most

    @property
    def floor(self) -> int:
        """Where the bars stand."""
        return self.tall + 4 + self.line * self.lines


class Bar(NamedTuple):
    """One upright bar: its name under it, its pieces from the floor up, the lines above it.

    `outline` is a plan drawn behind the pieces, on the same scale.
    """

    name: str
    parts: tuple[Part, ...]
    lines: tuple[str, ...] = ()
    outline: int = 0

    @property
    def height(self) -> int:
        return max(self.outline, sum(part.value for part in self.parts))


def meter(
    part: int, whole: int, kind: Kind = "actual", target: int | None = None, height: int = 16
) -> Markup:
    """A bar in a table row, beside its number (so hidden from readers); target is a tick on the same scale."""
    width = 400
    tick = "" if target is None else _tick(_clip(_scale(target, whole, width), width), height + 6)
    track = _rect("track", 0, 3, width, height)
    bar = _rect(kind, 0, 3, _clip(_scale(part, whole, width), width), height)
    head = f'<svg class="chart meter" viewBox="0 0 {width} {height + 6}" preserveAspectRatio="none" aria-hidden="true">'
    return Markup(head + track + bar + tick + "</svg>")


def bullet(parts: Sequence[Part], whole: int, label: str, width: int = 280) -> Markup:
    """What is reached of a target: pieces side by side on a track that ends at the target's tick."""
    drawn, said, x = [_rect("track", 0, 3, width, 16)], [], 0.0
    for part in parts:
        wide = _clip(_scale(part.value, whole, width), width - x)
        drawn.append(_rect(part.kind, x, 3, wide, 16))
        if part.text:
            said.append((x + wide / 2, part))
        x += wide
    return _svg("chart", width, 40, label, "".join(drawn) + _tick(width - 1.2, 22) + _labels(said, width))


def spark(bars: Sequence[Bar], label: str) -> Markup:
    """Small upright bars, one a year, the number above and the name below."""
    return _upright(bars, label, Frame("chart spark", 132, tall=28, line=13, foot=13, most=70, gap=6))


def columns(bars: Sequence[Bar], label: str) -> Markup:
    """Upright bars at the size of half a page."""
    widest = max((text_width(line) for bar in bars for line in bar.lines), default=0)
    width = 528 if len(bars) > 3 else max(132 * len(bars), widest, 200)
    return _upright(bars, label, Frame("chart columns", width, tall=130, line=16, foot=20, most=200, gap=60))


def wide_columns(bars: Sequence[Bar], label: str) -> Markup:
    """Upright bars across the page."""
    return _upright(bars, label, Frame("chart", 1312, tall=130, line=16, foot=20, most=200, gap=80))


def purses(shares: Sequence[Part], label: str) -> Markup:
    """Who pays how much of a whole, side by side with hairline gaps."""
    width, whole, x, drawn = 528, sum(part.value for part in shares), 0.0, []
    for part in shares:
        wide = _scale(part.value, whole, width)
        drawn.append(_rect(part.kind, x, 2, max(wide - 2, 0), 14))
        x += wide
    return _svg("chart", width, 18, label, "".join(drawn))


def _upright(bars: Sequence[Bar], label: str, frame: Frame) -> Markup:
    frame = replace(frame, lines=max((len(bar.lines) for bar in bars), default=0))
    highest = max((bar.height for bar in bars), default=0)
    slot = min(frame.width / max(len(bars), 1), frame.most)
    drawn = [
        _bar(bar, place * slot + slot / 2, min(slot - frame.gap, 84), highest, frame)
        for place, bar in enumerate(bars)
    ]
    axis = f'<path class="k-axis" d="M0 {frame.floor}H{frame.width}"/>'
    return _svg(frame.css, frame.width, frame.floor + frame.foot + 1, label, "".join(drawn) + axis)


def _bar(bar: Bar, middle: float, wide: float, highest: int, frame: Frame) -> str:
    left, y = middle - wide / 2, float(frame.floor)
    behind = _scale(bar.outline, highest, frame.tall)
    drawn = [_rect("plan", left, y - behind, wide, behind)]
    for part in bar.parts:
        tall = _scale(part.value, highest, frame.tall)
        y -= tall
        drawn.append(_rect(part.kind, left, y, wide, tall))
    top = frame.floor - _scale(bar.height, highest, frame.tall) - 4
    for place, line in enumerate(reversed(bar.lines)):
        drawn.append(_middle("v m", middle, top - place * frame.line, line, frame.width))
    return "".join(drawn) + _middle("m", middle, frame.floor + frame.foot, bar.name, frame.width)


def _middle(css: str, x: float, y: float, text: str, width: int) -> str:
    """Centred at x, moved inwards where it would be cut off."""
    half = text_width(text) / 2
    return _text(css, min(max(x, half), width - half), y, text)


def _labels(said: Sequence[tuple[float, Part]], width: int) -> str:
    """Under their pieces, never over each other: the first from the left, the last to the right edge."""
    drawn, free = [], 0.0
    for place, (middle, part) in enumerate(said):
        last = place == len(said) - 1 and place > 0
        wide = text_width(part.text)
        left = width - wide if last else max(free, 0.0 if place == 0 else middle - wide / 2)
        if left < free or left + wide > width + 0.5:
            continue
        css = "short-text" if part.kind == "short" else "v" if place == 0 else ""
        drawn.append(_text(css, left, 36, part.text))
        free = left + wide + 8
    return "".join(drawn)


def text_width(text: str) -> int:
    """About how wide a label is, in px at 13 px."""
    return sum(TEXT_WIDTH["가" <= sign <= "힣"] for sign in text)


def _svg(css: str, width: int, height: int, label: str, body: str) -> Markup:
    size = f'width="{width}" viewBox="0 0 {width} {height}"'
    head = f'<svg class="{css}" {size} role="img" aria-label="{escape(label)}">'
    return Markup(head + body + "</svg>")


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    size = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="k-{kind}" {size}/>' if width > 0 and height > 0 else ""


def _tick(x: float, height: float) -> str:
    return f'<path class="k-target" d="M{x:.1f} 0V{height:.0f}"/>'


def _text(css: str, x: float, y: float, text: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>' if text else ""


def _scale(value: int, whole: int, length: float) -> float:
    return length * value / whole if whole > 0 else 0.0


def _clip(length: float, most: float) -> float:
    return max(0.0, min(length, most))
