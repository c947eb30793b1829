"""Findings: the uses of texts in code and templates against the catalogues."""

from collections.abc import Iterator
from pathlib import Path

from tools.translations.catalogues import LANGUAGES, Domain, read_domain, wrong_texts
from tools.translations.python_uses import python_uses
from tools.translations.template_uses import template_uses
from tools.translations.uses import Uses

KIT = Path("shared/web/ui")


def findings(root: Path) -> list[str]:
    """Return what is wrong with the catalogues below a folder, and with the uses of their texts."""
    domains = [read_domain(locale) for locale in catalogue_folders(root)]
    groups = {key.partition(".")[0] for domain in domains for key in domain.keys}
    kit = next(domain for domain in domains if domain.folder == root / KIT)
    uses = {domain.folder: domain_uses(domain.folder, root, groups) for domain in domains}
    everything = Uses()
    for one in uses.values():
        everything.add(one)
    found = [finding for domain in domains for finding in (*domain.findings, *wrong_texts(domain))]
    for domain in domains:
        found += missing(domain, kit, uses[domain.folder], everything)
        found += unused(domain, everything if domain is kit else uses[domain.folder])
        found += [
            f"{key}: in the kit's catalogue too"
            for key in sorted(domain.keys & kit.keys)
            if domain is not kit
        ]
    return found


def catalogue_folders(root: Path) -> list[Path]:
    return sorted(
        path for top in ("shared", "services") for path in (root / top).rglob("locale") if path.is_dir()
    )


def domain_uses(folder: Path, root: Path, groups: set[str]) -> Uses:
    """Return the uses in the Python files and templates of a package."""
    uses = Uses()
    for path in sorted(folder.rglob("*.py")):
        uses.add(python_uses(path, root, groups))
    for path in sorted(folder.rglob("templates/*.html")):
        uses.add(template_uses(path, root))
    return uses


def missing(domain: Domain, kit: Domain, uses: Uses, everything: Uses) -> Iterator[str]:
    """Yield the keys that a domain uses and some language lacks, and its families that nobody declares.

    A menu's labels are looked up by the kit and declared by a service, so a family may be declared anywhere.
    """
    for lang in LANGUAGES:
        known = kit.entries[lang].keys() | domain.entries[lang].keys()
        for key, place in sorted(uses.keys.items()):
            if key not in known:
                yield f"{place}: no text {key} in {lang}"
        for key in sorted(uses.family_keys() - known):
            yield f"{domain.folder.name}: no text {key} in {lang}, of a family in TEXT_FAMILIES or a `texts:` comment"
    for beginning, place in sorted(uses.beginnings.items()):
        if beginning not in everything.families:
            yield f"{place}: the values after `{beginning}` are declared nowhere: TEXT_FAMILIES, or a `texts:` comment"


def unused(domain: Domain, uses: Uses) -> Iterator[str]:
    yield from (
        f"{key}: used nowhere in {domain.folder.name}" for key in sorted(domain.keys) if not uses.covers(key)
    )
