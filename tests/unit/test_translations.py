"""Texts exist in every language, as `python -m tools.translations` checks; and the check finds each kind of fault."""

import shutil
from pathlib import Path

import pytest

from tests.sources import ROOT
from tools.translations.findings import findings
from tools.translations.python_uses import parsed

KO, EN = (f"services/monitoring/locale/{lang}/LC_MESSAGES/monitoring.po" for lang in ("ko", "en"))
KIT_EN = "shared/web/ui/locale/en/LC_MESSAGES/ui.po"
CASE_STATES, TEMPLATE = (
    "services/monitoring/projections/case_states.py",
    "services/monitoring/board/templates/cases.html",
)

FAULTS = {
    "missing": (EN, 'msgid "cases.found"', 'msgid "cases.sought"', "cases.found: missing in en"),
    "unused": (EN, 'msgid "cases.found"', 'msgid "cases.sought"', "cases.sought: used nowhere in monitoring"),
    "empty": (EN, 'msgstr "Company and case"', 'msgstr ""', "case.company (en): empty"),
    "fuzzy": (KO, 'msgid "case.company"', '#, fuzzy\nmsgid "case.company"', "case.company (ko): fuzzy"),
    "Hangul": (EN, '"Company and case"', '"Company and 과제"', "case.company (en): Hangul in an English text"),
    "no Hangul": (KO, '"기업과 과제"', '"Company"', "case.company (ko): no Hangul in a Korean text"),
    "parameter": (EN, '"Case {number}"', '"Case {id}"', "case.number: other parameters in Korean ['number']"),
    "plural": (EN, 'msgid_plural "work"', 'msgid_plural "works"', "assessment.work: the plural is decided by work"),
    "counted": (KO, 'msgid_plural "work"', 'msgid_plural "things"', "assessment.work (ko): no parameter things"),
    "twice": (EN, 'msgid "case.paid"', 'msgid "case.number"', "monitoring.po (en): case.number stands twice"),
    "of the kit": (EN, 'msgid "case.paid"', 'msgid "print"', "print: in the kit's catalogue too"),
    "kit's own": (KIT_EN, 'msgid "brand"', 'msgid "trademark"', "layout.html:"),
    "family value": (CASE_STATES, '    "recorded",\n]', '    "recorded",\n    "lost",\n]', "no text status.lost in en"),
    "family": (TEMPLATE, '"status." ~', '"fate." ~', "the values after `fate.` are declared nowhere"),
    "key": (TEMPLATE, 't("cases.filter")', 't("cases.sieve")', "no text cases.sieve in ko"),
    "syntax": (EN, 'msgid "case.paid"', 'masgid "case.paid"', "monitoring.po (en): cannot be read"),
}  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packages whose texts are checked."""
    for folder in ("shared", "services"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("node_modules", "static")
        )
    return tmp_path


def test_every_text_is_translated_and_used() -> None:
    assert findings(ROOT) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(copy: Path, fault: str) -> None:
    path, old, new, finding = FAULTS[fault]
    source = (copy / path).read_text(encoding="utf-8")
    assert old in source
    (copy / path).write_text(source.replace(old, new, 1), encoding="utf-8")
    parsed.cache_clear()

    found = findings(copy)

    assert any(finding in line for line in found), found
