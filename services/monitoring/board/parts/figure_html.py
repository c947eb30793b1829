"""Figures as they stand in a page: each opens its origin, money is shown in the page's unit. HTML out."""

from dataclasses import dataclass

from markupsafe import Markup, escape

from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.i18n import Words
from services.monitoring.board.parts.links import Links
from services.monitoring.board.parts.values import Figure


@dataclass(frozen=True, slots=True)
class FigureHtml:
    """What a template asks for a figure of its page: functions, as a page has hundreds, and each was three macros."""

    links: Links
    t: Words

    def money(self, figure: Figure) -> Markup:
        """Won, linked to where they come from."""
        return self._linked(figure, self.won(figure.value))

    def number(self, figure: Figure) -> Markup:
        """A count, linked to where it comes from."""
        known = figure.value is not None
        return self._linked(figure, Markup(fmt.count(figure.value))) if known else self._unknown()

    def won(self, value: int | None) -> Markup:
        """An amount by itself; its full won stand beside what is shown, for whoever reads the page by machine."""
        if value is None:
            return self._unknown()
        return Markup(f'<data class="won" value="{value}">{fmt.won(value, self.links.page.unit)}</data>')

    def _linked(self, figure: Figure, shown: Markup) -> Markup:
        if not figure.key or figure.value is None:
            return shown
        return Markup(f'<a class="fig" href="{escape(self.links.figure(figure.key))}">{shown}</a>')

    def _unknown(self) -> Markup:
        """Said to who hears the page: a dash says nothing."""
        return Markup(f'{fmt.UNKNOWN_TEXT}<span class="sr">{escape(self.t("unknown"))}</span>')
