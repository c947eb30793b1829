"""Title and rule of a figure in words, from the catalogue."""

from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.i18n import translator
from services.monitoring.board.parts.values import Lang, Text
from services.monitoring.figures.figure import Figure, FigureDefinition, Scope
from services.monitoring.figures.money_rows import PUBLIC_SUM, SUBTOTAL
from shared.values import municipalities


def title(figure: Figure) -> Text:
    """Return what the figure is called. Raises ValueError for a figure without a definition."""
    if figure.definition is None:
        raise ValueError("a figure without a definition has no title")
    return Text(*(title_in(figure.definition, figure.scope, lang) for lang in ("ko", "en")))


def title_in(definition: FigureDefinition, scope: Scope, lang: Lang) -> str:
    t = translator(lang)
    funder = "figure.public" if scope.funder == PUBLIC_SUM else f"funder.{scope.funder}"
    params = {
        "funder": t(funder) if scope.funder else "",
        "year": scope.year,
        "period": fmt.period(scope.period, lang) if scope.period not in ("", SUBTOTAL) else "",
        "scope": scope_in(scope, lang),
    }
    name = f"{definition.name}.{SUBTOTAL}" if scope.period == SUBTOTAL else definition.name
    return t(f"figure.{name}", **params)


def scope_in(scope: Scope, lang: Lang) -> str:
    """Return the years, the track and the municipality that the figure is of: `2024년 JS1`."""
    years = scope.years or str(scope.year or "")
    in_words = translator(lang)("figure.years", years=years) if years else ""
    municipality = municipalities.name(scope.municipality, lang) if scope.municipality else ""
    return " ".join(filter(None, (in_words, scope.track, municipality)))


def rule(definition: FigureDefinition) -> Text:
    """Return how the figure is computed."""
    return Text(*(translator(lang)(f"rule.{definition.rule}") for lang in ("ko", "en")))
