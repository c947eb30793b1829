"""Texts of the service in Korean and English, from its catalogues and the kit's."""

from pathlib import Path

from shared.web.ui.i18n import Texts

TEXTS = Texts(Path(__file__).parent / "locale")
translator = TEXTS.translator
