"""Charts as inline SVG, in one notation: actual filled, plan outlined, shortfall hatched, target a tick.

Geometry is in attributes and colour in classes, which a strict content security policy, themes and print need.
Values are counts or won; only their proportions matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, NamedTuple

from markupsafe import Markup, escape

from shared.values.money import Funder
from shared.web.ui.text_width import text_width

Style = Literal["actual", "actual2", "plan", "short"] | Funder
"""Appearance of a segment: `actual2` is a lighter `actual`; each funder has a colour of its own."""

SEAM = 2.0  # px of the page's colour between neighbours in a stack, which need not differ much in colour themselves
LABEL_GAP = 8  # px


class Segment(NamedTuple):
    """A segment of a bar: its value, style and label (empty: none)."""

    value: int
    style: Style
    text: str = ""


@dataclass(frozen=True, slots=True)
class BarDimensions:
    """Dimensions of vertical bars, in px; each bar is centred in its slot, which is at most `max_slot` wide."""

    css: str
    width: int
    bar_height: int  # of the highest bar
    line_height: int  # of text above a bar
    name_height: int  # of the name below it
    max_slot: int
    gap: int
    text_size: int = 13
    seam: float = SEAM
    line_count: int = 0  # above a bar, at most

    @property
    def baseline(self) -> int:
        """The y of the bars' lower edge."""
        return self.bar_height + 4 + self.line_height * self.line_count


SPARK = BarDimensions(
    "chart spark",
    132,
    bar_height=28,
    line_height=13,
    name_height=13,
    max_slot=70,
    gap=6,
    text_size=12,
    seam=1.0,
)
COLUMNS = BarDimensions(
    "chart columns", 528, bar_height=130, line_height=16, name_height=20, max_slot=200, gap=60
)
WIDE = BarDimensions("chart", 1312, bar_height=130, line_height=16, name_height=20, max_slot=200, gap=80)


class Bar(NamedTuple):
    """A vertical bar: the name below it, its segments from the bottom up, the lines above it.

    `outline` is a plan drawn behind the segments, on the same scale.
    """

    name: str
    segments: tuple[Segment, ...]
    lines: tuple[str, ...] = ()
    outline: int = 0

    @property
    def height(self) -> int:
        return max(self.outline, sum(segment.value for segment in self.segments))


def meter(
    part: int, whole: int, style: Style = "actual", target: int | None = None, height: int = 16
) -> Markup:
    """Draw a bar for a table row, hidden from screen readers as its number is beside it; the target is a tick."""
    width = 400
    tick = "" if target is None else _tick(_clip(_scale(target, whole, width), width), height + 6)
    track = _rect("track", 0, 3, width, height)
    bar = _rect(style, 0, 3, _clip(_scale(part, whole, width), width), height)
    head = f'<svg class="chart meter" viewBox="0 0 {width} {height + 6}" preserveAspectRatio="none" aria-hidden="true">'
    return Markup(head + track + bar + tick + "</svg>")


def bullet(segments: Sequence[Segment], whole: int, label: str, width: int = 280) -> Markup:
    """Draw a bullet chart: labelled segments side by side on a track that ends at the target's tick."""
    shapes, labelled, x = [_rect("track", 0, 3, width, 16)], [], 0.0
    for segment in segments:
        segment_width = _clip(_scale(segment.value, whole, width), width - x)
        shapes.append(_rect(segment.style, x, 3, segment_width, 16))
        if segment.text:
            labelled.append((x + segment_width / 2, segment))
        x += segment_width
    return _svg(
        "chart", width, 40, label, "".join(shapes) + _tick(width - 1.2, 22) + _labels(labelled, width)
    )


def spark(bars: Sequence[Bar], label: str) -> Markup:
    """Draw small vertical bars, one a year, the number above and the name below."""
    return _vertical_bars(bars, label, SPARK)


def columns(bars: Sequence[Bar], label: str) -> Markup:
    """Draw vertical bars, half a page wide."""
    widest = max((text_width(line, bold=True) for bar in bars for line in bar.lines), default=0)
    width = COLUMNS.width if len(bars) > 3 else max(132 * len(bars), ceil(widest), 200)
    return _vertical_bars(bars, label, replace(COLUMNS, width=width))


def wide_columns(bars: Sequence[Bar], label: str) -> Markup:
    """Draw vertical bars across the page."""
    return _vertical_bars(bars, label, WIDE)


def stacked_bar(shares: Sequence[Segment], label: str) -> Markup:
    """Draw the shares of a whole side by side, with seams between them."""
    width, whole, x, shapes = 528, sum(share.value for share in shares), 0.0, []
    for share in shares:
        segment_width = _scale(share.value, whole, width)
        shapes.append(_rect(share.style, x, 2, _without_seam(segment_width), 14))
        x += segment_width
    return _svg("chart", width, 18, label, "".join(shapes))


def _vertical_bars(bars: Sequence[Bar], label: str, dimensions: BarDimensions) -> Markup:
    dimensions = replace(dimensions, line_count=max((len(bar.lines) for bar in bars), default=0))
    highest = max((bar.height for bar in bars), default=0)
    slot = min(dimensions.width / max(len(bars), 1), dimensions.max_slot)
    shapes = [
        _bar(bar, index * slot + slot / 2, min(slot - dimensions.gap, 84), highest, dimensions)
        for index, bar in enumerate(bars)
    ]
    axis = f'<path class="k-axis" d="M0 {dimensions.baseline}H{dimensions.width}"/>'
    return _svg(
        dimensions.css,
        dimensions.width,
        dimensions.baseline + dimensions.name_height + 1,
        label,
        "".join(shapes) + axis,
    )


def _bar(bar: Bar, middle: float, width: float, highest: int, dimensions: BarDimensions) -> str:
    left, y = middle - width / 2, float(dimensions.baseline)
    outline_height = _scale(bar.outline, highest, dimensions.bar_height)
    shapes = [_rect("plan", left, y - outline_height, width, outline_height)]
    is_lowest = True
    for segment in bar.segments:
        segment_height = _scale(segment.value, highest, dimensions.bar_height)
        y -= segment_height
        shown = segment_height if is_lowest else _without_seam(segment_height, dimensions.seam)
        shapes.append(_rect(segment.style, left, y, width, shown))
        is_lowest = is_lowest and not segment_height
    top = dimensions.baseline - _scale(bar.height, highest, dimensions.bar_height) - 4
    for index, line in enumerate(reversed(bar.lines)):
        line_y = top - index * dimensions.line_height
        shapes.append(_centred_text("v m", middle, line_y, line, dimensions))
    name_y = dimensions.baseline + dimensions.name_height
    return "".join(shapes) + _centred_text("m", middle, name_y, bar.name, dimensions)


def _centred_text(css: str, x: float, y: float, text: str, dimensions: BarDimensions) -> str:
    """Draw text centred at x, moved inwards where it would be cut off."""
    half = text_width(text, dimensions.text_size, bold=css.startswith("v")) / 2
    return _text(css, min(max(x, half), dimensions.width - half), y, text)


def _labels(labelled: Sequence[tuple[float, Segment]], width: int) -> str:
    """Draw labels under their segments without overlap: the first at the left edge, the last at the right edge."""
    shapes, free_from = [], 0.0
    for index, (middle, segment) in enumerate(labelled):
        is_last = index == len(labelled) - 1 and index > 0
        css = "short-text" if segment.style == "short" else "v" if index == 0 else ""
        label_width = text_width(segment.text, bold=bool(css))
        left = (
            width - label_width
            if is_last
            else max(free_from, 0.0 if index == 0 else middle - label_width / 2)
        )
        if left < free_from or left + label_width > width + 0.5:
            continue
        shapes.append(_text(css, left, 36, segment.text))
        free_from = left + label_width + LABEL_GAP
    return "".join(shapes)


def _without_seam(length: float, seam: float = SEAM) -> float:
    """Return what is drawn of a segment beside another one: a seam less, and a pixel of the smallest ones."""
    return max(length - seam, min(length, 1.0))


def _svg(css: str, width: int, height: int, label: str, body: str) -> Markup:
    size = f'width="{width}" viewBox="0 0 {width} {height}"'
    head = f'<svg class="{css}" {size} role="img" aria-label="{escape(label)}">'
    return Markup(head + body + "</svg>")


def _rect(style: str, x: float, y: float, width: float, height: float) -> str:
    size = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="k-{style}" {size}/>' if width > 0 and height > 0 else ""


def _tick(x: float, height: float) -> str:
    return f'<path class="k-target" d="M{x:.1f} 0V{height:.0f}"/>'


def _text(css: str, x: float, y: float, text: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>' if text else ""


def _scale(value: int, whole: int, length: float) -> float:
    return length * value / whole if whole > 0 else 0.0


def _clip(length: float, maximum: float) -> float:
    return max(0.0, min(length, maximum))
