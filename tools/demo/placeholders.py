"""Placeholders such as `{case:jeonbuk-smart-factory/B-017}` for values captured from earlier responses."""

import re
from collections.abc import Mapping
from typing import Any

PLACEHOLDER = re.compile(r"\{([a-z]+:[^{}]+)\}")


def resolve(value: Any, captured: Mapping[str, Any]) -> Any:
    """Replace every placeholder in a value; a text that is one placeholder becomes the captured value, type and all.

    Raises KeyError for a name that has not been captured.
    """
    if isinstance(value, str):
        whole = PLACEHOLDER.fullmatch(value)
        return captured[whole[1]] if whole else PLACEHOLDER.sub(lambda match: str(captured[match[1]]), value)
    if isinstance(value, Mapping):
        return {key: resolve(item, captured) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, captured) for item in value]
    return value
