"""Strict YAML reader: the file must be a mapping, and duplicate keys are errors."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tools.devstack.errors import StackError


class YamlError(StackError):
    """Invalid YAML file; the message names the line."""


class StrictLoader(yaml.SafeLoader):
    """A loader that refuses duplicate keys: yaml.SafeLoader silently lets the second one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping; raises YamlError for a duplicate key."""
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if name in seen:
                line = key.start_mark.line + 1
                raise YamlError(f"{line}행: {name}이(가) 두 번 있습니다 / line {line}: {name} stands twice")
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def read_yaml(file: Path) -> dict[str, Any]:
    """Return the file's mapping; raises YamlError or yaml.YAMLError with the line."""
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=StrictLoader)
    if not isinstance(content, dict):
        raise YamlError("이름: 값 꼴이어야 합니다 / the file must hold names and values")
    return content


def error_lines(error: ValidationError) -> list[str]:
    """Return `field: rule` for each validation error."""
    errors = error.errors(include_url=False, include_context=False)
    return [f"{'.'.join(map(str, row['loc'])) or '(whole)'}: {row['msg']}" for row in errors]
