"""Rendering of views to HTML with the kit's templates and those of a service. No database, no web framework."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from shared.web.ui import charts, i18n
from shared.web.ui import format as fmt
from shared.web.ui.figure_html import Figure, FigureHtml
from shared.web.ui.links import Links
from shared.web.ui.page import ErrorView, Page
from shared.web.ui.values import Lang, Text

KIT = Path(__file__).resolve().parent
TEMPLATES = KIT / "templates"
STATIC_FOLDER = KIT / "static"
STYLE_SHEET = "ui.css"


@dataclass(frozen=True, slots=True)
class Assets:
    """Built files by the name of their source; empty where nothing was built, and pages are readable without them."""

    files: Mapping[str, str] = field(default_factory=dict)
    base: str = "/static/"

    def url(self, name: str) -> str | None:
        """Return the address of a built file, None where it was not built."""
        return self.base + self.files[name] if name in self.files else None


def built_assets(static: Path = STATIC_FOLDER) -> Assets:
    """Read the manifest that `python -m tools.assets` wrote; without one, no assets."""
    manifest = static / "manifest.json"
    return Assets(json.loads(manifest.read_text())) if manifest.is_file() else Assets()


@dataclass(frozen=True, slots=True)
class Site:
    """Parts that a service adds to the kit.

    `navigation` is the main menu, home first: the last part of each label's key `nav.<key>`, and the path it leads to.
    """

    templates: Path
    texts: i18n.Texts
    navigation: Sequence[tuple[str, str]]
    style_sheets: Sequence[str] = ()


class DirectCallContext(Context):
    """Jinja context that calls functions directly.

    Jinja checks at each call whether the function takes its context; in these templates only macros do.
    """

    def call(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        _loop_vars: Any = None,
        _block_vars: Any = None,
        **named: Any,
    ) -> Any:
        return super().call(function, *args, **named) if type(function) is Macro else function(*args, **named)


class PageEnvironment(Environment):
    """Jinja environment with direct calls."""

    context_class = DirectCallContext


class PageRenderer:
    """Renderer of a service's pages; thread-safe, one a process."""

    def __init__(self, site: Site, assets: Assets | None = None, **names: object) -> None:
        """Prepare the templates; `names` are known in each of them."""
        self.texts = site.texts
        self.environment = PageEnvironment(
            loader=FileSystemLoader([site.templates, TEMPLATES]),
            auto_reload=False,  # or every page checks each of its templates on disk
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(
            assets=assets if assets is not None else built_assets(),
            style_sheets=(STYLE_SHEET, *site.style_sheets),
            navigation=site.navigation,
            fmt=fmt,
            charts=charts,
            **names,
        )

    def compile(self) -> None:
        """Compile all templates, so that the first request does not wait for it."""
        for name in self.environment.list_templates():
            self.environment.get_template(name)

    def text(self, key: str) -> Text:
        """Return a text without parameters in both languages."""
        return self.texts.text(key)

    def error(self, page: Page, view: ErrorView) -> str:
        return self._page("error.html", page, view=view)

    def page_context(self, page: Page, links: Links | None = None) -> dict[str, object]:
        """Return the variables of every template; `links` default to the page's own."""
        links, t = links or Links(page), self.texts.translator(page.lang)
        return {
            "page": page,
            "links": links,
            "t": t,
            "localize": Localizer(page.lang, t),
            "show": FigureHtml(links, t),
        }

    def _page(self, template: str, page: Page, **context: object) -> str:
        return self.environment.get_template(template).render(**self.page_context(page), **context)


@dataclass(frozen=True, slots=True)
class Localizer:
    """Formatting of values in the page's language, for templates."""

    lang: Lang
    t: i18n.Translator

    def text(self, text: Text | str) -> Markup:
        """Return a name or a typed text, marked where it is in another language than the page."""
        return i18n.marked(self.plain(text), self.lang)

    def plain(self, text: Text | str) -> str:
        """Return a name or a typed text for a place that allows no element; `lang_attribute` says its language there."""
        return text.in_(self.lang) if isinstance(text, Text) else text

    def lang_attribute(self, text: Text | str) -> Markup:
        """Return the attribute of an element that holds the text alone; empty in the page's own language."""
        language = i18n.language_of(self.plain(text)) or self.lang
        return Markup("") if language == self.lang else Markup(' lang="{}"').format(language)

    def sentence(self, key: str, **params: object) -> Markup:
        """Return a text with **bold**, and with names in it marked where they are in another language."""
        return self.t.html(key, **params)

    def exact_won(self, value: int | None) -> str:
        return fmt.exact_won(value, self.lang)

    def full_date(self, day: date | None) -> str:
        return fmt.full_date(day, self.lang)

    def percent(self, part: Figure, whole: Figure, digits: int = 0) -> str:
        return fmt.percent(part.value, whole.value, digits)
