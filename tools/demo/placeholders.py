"""What earlier answers were kept as, and how later steps name it: `{case:jeonbuk-smart-factory/B-017}`."""

import re
from collections.abc import Mapping
from typing import Any

NAME = re.compile(r"\{([a-z]+:[^{}]+)\}")


def resolve(value: Any, memory: Mapping[str, Any]) -> Any:
    """The value with every `{name}` replaced; a text that is one name becomes what was kept, type and all.

    Raises KeyError for a name that nothing was kept as.
    """
    if isinstance(value, str):
        whole = NAME.fullmatch(value)
        return memory[whole[1]] if whole else NAME.sub(lambda found: str(memory[found[1]]), value)
    if isinstance(value, Mapping):
        return {key: resolve(one, memory) for key, one in value.items()}
    if isinstance(value, list):
        return [resolve(one, memory) for one in value]
    return value
