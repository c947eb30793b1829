"""All texts of the pages in Korean and English, by message id; **bold** marks emphasis."""

from services.monitoring.board.parts.texts.cases import CASES
from services.monitoring.board.parts.texts.events import EVENTS
from services.monitoring.board.parts.texts.figures import FIGURES
from services.monitoring.board.parts.texts.frame import FRAME
from services.monitoring.board.parts.texts.lineage import LINEAGE
from services.monitoring.board.parts.texts.overview import OVERVIEW
from services.monitoring.board.parts.texts.programme import PROGRAMME
from services.monitoring.board.parts.texts.verdicts import ASSESSMENTS
from services.monitoring.board.parts.texts.words import WORDS

TEXTS: dict[str, tuple[str, str]] = {
    **FRAME,
    **WORDS,
    **OVERVIEW,
    **PROGRAMME,
    **CASES,
    **LINEAGE,
    **ASSESSMENTS,
    **EVENTS,
    **FIGURES,
}
