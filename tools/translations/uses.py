"""Uses of texts: keys that stand as constants, families, and the beginnings of keys that are put together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

ANY = "*"  # the values of a family that a test knows
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


@dataclass
class Uses:
    """Keys that must exist, constants that are keys if a text of that name exists, families, and endings of variants."""

    keys: dict[str, str] = field(default_factory=dict)  # by key, the place of its use
    constants: set[str] = field(default_factory=set)
    families: dict[str, frozenset[str]] = field(default_factory=dict)  # by beginning, the values
    beginnings: dict[str, str] = field(default_factory=dict)  # of keys that are put together, with a place
    endings: set[str] = field(default_factory=set)

    def add(self, other: "Uses") -> None:
        self.keys |= other.keys
        self.constants |= other.constants
        self.families |= {
            name: values | self.families.get(name, frozenset()) for name, values in other.families.items()
        }
        self.beginnings |= other.beginnings
        self.endings |= other.endings

    def declare(self, name: str, values: Iterable[str]) -> None:
        """Add a family; its values follow its name after a dot, or directly where it ends with an underscore."""
        beginning = name if name.endswith("_") else f"{name}."
        self.families[beginning] = self.families.get(beginning, frozenset()) | frozenset(values)

    def family_keys(self) -> set[str]:
        return {
            f"{beginning}{value}"
            for beginning, values in self.families.items()
            for value in values
            if value != ANY
        }

    def covers(self, key: str) -> bool:
        """Return whether the key is used."""
        if key in self.keys or key in self.constants or key in self.family_keys():
            return True
        if any(ANY in values and key.startswith(beginning) for beginning, values in self.families.items()):
            return True
        return any(key.endswith(ending) and self.covers(key.removesuffix(ending)) for ending in self.endings)
