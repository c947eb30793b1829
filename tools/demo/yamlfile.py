"""Reads a YAML file strictly: a mapping, and no key of it stands twice."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tools.devstack.errors import StackError


class YamlError(StackError):
    """The file is not the YAML that it should be; the message names the line."""


class StrictLoader(yaml.SafeLoader):
    """YAML's usual reader lets the second of two equal keys win, silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping, or raise YamlError where a key stands twice."""
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if name in seen:
                line = key.start_mark.line + 1
                raise YamlError(f"{line}행: {name}이(가) 두 번 있습니다 / line {line}: {name} stands twice")
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def read_yaml(file: Path) -> dict[str, Any]:
    """The mapping that the file holds; raises YamlError or yaml.YAMLError with the line."""
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=StrictLoader)
    if not isinstance(content, dict):
        raise YamlError("이름: 값 꼴이어야 합니다 / the file must hold names and values")
    return content


def lines_of(error: ValidationError) -> list[str]:
    """`field: rule` for each thing that is wrong."""
    found = error.errors(include_url=False, include_context=False)
    return [f"{'.'.join(map(str, one['loc'])) or '(whole)'}: {one['msg']}" for one in found]
