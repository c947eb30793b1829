"""Reader of the programmes' YAML files; an error names file, field and rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from shared.events.definition import Definition, Proposal
from tools.demo.yamlfile import YamlError, error_lines, read_yaml
from tools.devstack.errors import StackError

FOLDER = Path(__file__).parent / "programmes"
KINDS: Mapping[str, type[BaseModel]] = {"definition": Definition, "proposal": Proposal}


class DefinitionError(StackError):
    """One line for each error: file: field: rule."""


@dataclass(frozen=True)
class Publication:
    """A version of a definition, or a proposal, and the business date from which it holds."""

    file: str
    published_on: date
    content: Definition | Proposal


def load_all(folder: Path = FOLDER) -> list[Publication]:
    """Load every file of the folder, by date of publication; raises DefinitionError with all errors of all files."""
    publications, errors = [], []
    for file in sorted(folder.glob("*.yaml")):
        try:
            publications.append(load(file))
        except DefinitionError as error:
            errors.append(str(error))
    if errors:
        raise DefinitionError("\n".join(errors))
    return sorted(publications, key=lambda row: (row.published_on, row.file))


def load(file: Path) -> Publication:
    """Load one file; raises DefinitionError."""
    try:
        document = read_yaml(file)
        kind = next((name for name in KINDS if name in document), None)
        if kind is None or not isinstance(document.get("published_on"), date):
            raise DefinitionError(
                f"{file.name}: published_on(날짜)과 definition 또는 proposal이 있어야 합니다 "
                f"/ needs published_on (a date) and a definition or a proposal"
            )
        content = KINDS[kind].model_validate(_merged(file, document, kind))
    except (YamlError, OSError, yaml.YAMLError) as error:
        raise DefinitionError(f"{file.name}: {error}") from error
    except ValidationError as error:
        raise DefinitionError(
            "\n".join(f"{file.name}: {kind}.{line}" for line in error_lines(error))
        ) from error
    assert isinstance(content, Definition | Proposal)
    return Publication(file.name, document["published_on"], content)


def _merged(file: Path, document: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the whole content: a file that `changes` an earlier version states only the fields that differ."""
    earlier = document.get("changes")
    base = read_yaml(file.with_name(earlier))[kind] if earlier else {}
    return {**base, **document[kind]}
