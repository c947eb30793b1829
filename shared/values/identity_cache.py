"""Equal by being the same object: for what is long to compare, and is one object where it is equal."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

Value = TypeVar("It")
Result = TypeVar("Found")


class IdentityKey(Generic[Value]):
    """Equal only to what holds the same object."""

    __slots__ = ("value",)

    def __init__(self, it: Value) -> None:
        self.value = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def cached_by_identity(max_size: int) -> Callable[[Callable[[Value], Result]], Callable[[Value], Result]]:
    """Works out what follows from an object alone once, for the last `most` of them; nobody may change it."""

    def decorate(function: Callable[[Value], Result]) -> Callable[[Value], Result]:
        kept = lru_cache(maxsize=max_size)(lambda same: function(same.it))
        return lambda it: kept(IdentityKey(it))

    return decorate
