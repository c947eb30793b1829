"""Figures and assessments in words, from the catalogues."""

from datetime import date

from markupsafe import Markup

from services.monitoring.figures.assessment import Assessment
from services.monitoring.figures.figure import Figure, FigureDefinition, Scope
from services.monitoring.figures.money_rows import PUBLIC_SUM, SUBTOTAL
from services.monitoring.texts import TEXTS, translator
from shared.values import municipalities
from shared.web.ui import format as fmt
from shared.web.ui.i18n import ANY, LANGUAGES
from shared.web.ui.values import Lang, Text

TEXT_FAMILIES = {
    "figure": ANY,  # the figures: tests/unit/test_monitoring_figures.py
    "rule": ANY,
    "assessment.overview": ("danger", "unknown", "warning"),
    "assessment.to_find_": ("second", "year"),
}


def title(figure: Figure) -> Text:
    """Return what the figure is called. Raises ValueError for a figure without a definition."""
    if figure.definition is None:
        raise ValueError("a figure without a definition has no title")
    return Text(*(title_in(figure.definition, figure.scope, lang) for lang in LANGUAGES))


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
    return TEXTS.text(f"rule.{definition.rule}")


def assessment_text(assessment: Assessment, lang: Lang, *, short: bool = False) -> Markup:
    """Return the sentence of an assessment, filled with the figures that it was computed from."""
    t, params = translator(lang), dict(assessment.params)
    if "paid" in params:
        paid = params["paid"]
        params["paid"] = fmt.exact_won(paid if isinstance(paid, int) else None, lang)
    if isinstance(due := params.get("due"), date):
        params["due"] = fmt.date_in_sentence(due, lang)
    if isinstance(params.get("status"), str):
        params["status"] = t(str(params["status"]))
    if isinstance(states := params.get("counts"), dict):
        counts = (t.html(f"assessment.overview.{state}", count=count) for state, count in states.items())
        params["counts"] = Markup(", ").join(counts)
    return t.html(f"{assessment.text_key}.short" if short else assessment.text_key, **params)


def assessment_words(assessment: Assessment) -> dict[str, object]:
    """Return the state, the sentence and the rule of an assessment, in both languages, for the API."""
    sentence = {lang: assessment_text(assessment, lang).striptags() for lang in LANGUAGES}
    rule = {lang: translator(lang)(assessment.rule) for lang in LANGUAGES}
    return {"state": assessment.state, "sentence": sentence, "rule": rule}
