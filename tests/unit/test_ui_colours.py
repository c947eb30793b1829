"""Colours of the funders: told from the page in both looks, and from their neighbours by a seam of the page."""

import re
from itertools import pairwise

import pytest

from shared.values.money import Funder
from shared.web.ui import charts
from shared.web.ui.charts import Bar, Segment
from shared.web.ui.render import KIT

SHEETS = KIT / "assets/src/css"
TOKEN = re.compile(r"--krds-([\w-]+): var\(--light, (#[0-9a-f]{6})\) var\(--dark, (#[0-9a-f]{6})\);")
LOOKS = ("light", "dark")
COLOURS = {
    name: dict(zip(LOOKS, colours, strict=True))
    for name, *colours in TOKEN.findall((SHEETS / "tokens.css").read_text())
}
PAGE = COLOURS["color-surface-page"]
ENOUGH = 3.0  # WCAG 2.2, 1.4.11: graphics


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb as WCAG defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#94b8cf", "#ffffff") < ENOUGH


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("funder", Funder)
def test_colour_of_a_funder_stands_out_from_the_page(funder: Funder, look: str) -> None:
    assert f".k-{funder} {{ fill: var(--krds-chart-fund-{funder}); }}" in (SHEETS / "charts.css").read_text()
    assert contrast(COLOURS[f"chart-fund-{funder}"][look], PAGE[look]) >= ENOUGH


@pytest.mark.parametrize("look", LOOKS)
def test_colours_of_the_funders_differ(look: str) -> None:
    assert len({COLOURS[f"chart-fund-{funder}"][look] for funder in Funder}) == len(Funder)


def rects(svg: str, at: str, size: str) -> list[tuple[float, float]]:
    """Return where the funders' rectangles begin and end, in one direction."""
    found = [dict(re.findall(r'(\w+)="([^"]*)"', rect)) for rect in re.findall(r"<rect ([^>]*)/>", svg)]
    funders = [rect for rect in found if rect["class"].removeprefix("k-") in set(Funder)]
    return sorted((float(rect[at]), float(rect[at]) + float(rect[size])) for rect in funders)


@pytest.mark.parametrize(
    ("svg", "at", "size"),
    [
        (charts.stacked_bar([Segment(25, funder) for funder in Funder], ""), "x", "width"),
        (charts.wide_columns([Bar("", tuple(Segment(25, f) for f in Funder))], ""), "y", "height"),
    ],
    ids=["side by side", "one above the other"],
)
def test_neighbours_are_parted_by_a_seam(svg: str, at: str, size: str) -> None:
    placed = rects(svg, at, size)

    gaps = [start - end for (_, end), (start, _) in pairwise(placed)]
    assert gaps == pytest.approx([charts.SEAM] * (len(Funder) - 1), abs=0.11)


def test_smallest_share_is_still_drawn() -> None:
    svg = charts.stacked_bar([Segment(1_000_000, Funder.CITY), Segment(2_000, Funder.SELF)], "")

    assert 'class="k-self"' in svg
