"""Figures as HTML: each links to its lineage, money is shown in the page's unit."""

from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup, escape

from shared.web.ui import format as fmt
from shared.web.ui.i18n import Translate
from shared.web.ui.links import Links


class Figure(Protocol):
    """A number as pages show it: its value, None where it is unknown, and the key of the page that proves it."""

    @property
    def value(self) -> int | None: ...

    @property
    def key(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class FigureHtml:
    """Formatting of figures for templates; functions, as macros are too slow for the hundreds of a page."""

    links: Links
    t: Translate

    def money(self, figure: Figure) -> Markup:
        """Format money, linked to its lineage."""
        return self._linked(figure, self.won(figure.value))

    def number(self, figure: Figure) -> Markup:
        """Format a count, linked to its lineage."""
        known = figure.value is not None
        return self._linked(figure, Markup(fmt.count(figure.value))) if known else self._unknown()

    def won(self, value: int | None) -> Markup:
        """Format an amount without a link; its `value` attribute has the exact won, for programs that read pages."""
        if value is None:
            return self._unknown()
        return Markup(f'<data class="won" value="{value}">{fmt.won(value, self.links.page.unit)}</data>')

    def _linked(self, figure: Figure, html: Markup) -> Markup:
        if not figure.key or figure.value is None:
            return html
        return Markup(f'<a class="fig" href="{escape(self.links.figure(figure.key))}">{html}</a>')

    def _unknown(self) -> Markup:
        """Return a dash with words for screen readers, which do not read a dash out."""
        return Markup(f'{fmt.UNKNOWN_TEXT}<span class="sr">{escape(self.t("unknown"))}</span>')
