"""Reads the programmes' YAML files; an error says which file, which field and which rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from shared.events.definition import Definition, Proposal
from tools.demo.yamlfile import YamlError, lines_of, read_yaml
from tools.devstack.errors import StackError

FOLDER = Path(__file__).parent / "programmes"
KINDS: Mapping[str, type[BaseModel]] = {"definition": Definition, "proposal": Proposal}


class DefinitionError(StackError):
    """One line for each error: file: field: rule."""


@dataclass(frozen=True)
class Published:
    """A version of a definition, or a proposal, and the business date from which it holds."""

    file: str
    published_on: date
    content: Definition | Proposal


def load_all(folder: Path = FOLDER) -> list[Published]:
    """Every file of the folder by date of publication; raises DefinitionError with all errors of all files."""
    found, errors = [], []
    for file in sorted(folder.glob("*.yaml")):
        try:
            found.append(load(file))
        except DefinitionError as error:
            errors.append(str(error))
    if errors:
        raise DefinitionError("\n".join(errors))
    return sorted(found, key=lambda one: (one.published_on, one.file))


def load(file: Path) -> Published:
    """One file, or DefinitionError."""
    try:
        document = read_yaml(file)
        kind = next((name for name in KINDS if name in document), None)
        if kind is None or not isinstance(document.get("published_on"), date):
            raise DefinitionError(
                f"{file.name}: published_on(날짜)과 definition 또는 proposal이 있어야 합니다 "
                f"/ needs published_on (a date) and a definition or a proposal"
            )
        content = KINDS[kind].model_validate(_whole(file, document, kind))
    except (YamlError, OSError, yaml.YAMLError) as error:
        raise DefinitionError(f"{file.name}: {error}") from error
    except ValidationError as error:
        raise DefinitionError("\n".join(f"{file.name}: {kind}.{line}" for line in lines_of(error))) from error
    assert isinstance(content, Definition | Proposal)
    return Published(file.name, document["published_on"], content)


def _whole(file: Path, document: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A version that `changes` another states only what is new."""
    earlier = document.get("changes")
    base = read_yaml(file.with_name(earlier))[kind] if earlier else {}
    return {**base, **document[kind]}
