"""Equal by being the same object: for what is long to compare, and is one object where it is equal."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

It = TypeVar("It")
Found = TypeVar("Found")


class IdentityKey(Generic[It]):
    """Equal only to what holds the same object."""

    __slots__ = ("it",)

    def __init__(self, it: It) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and other.it is self.it

    def __hash__(self) -> int:
        return id(self.it)


def cached_by_identity(most: int) -> Callable[[Callable[[It], Found]], Callable[[It], Found]]:
    """Works out what follows from an object alone once, for the last `most` of them; nobody may change it."""

    def decorate(function: Callable[[It], Found]) -> Callable[[It], Found]:
        kept = lru_cache(maxsize=most)(lambda same: function(same.it))
        return lambda it: kept(IdentityKey(it))

    return decorate
