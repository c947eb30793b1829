"""Cache by identity: objects that are slow to compare, and are the same object wherever they are equal."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")


class IdentityKey(Generic[Value]):
    """Cache key that equals only a key of the same object."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def cached_by_identity(max_size: int) -> Callable[[Callable[[Value], Result]], Callable[[Value], Result]]:
    """Decorate a function of one object: its results for the last `max_size` objects are cached and must not be changed."""

    def decorate(function: Callable[[Value], Result]) -> Callable[[Value], Result]:
        cached = lru_cache(maxsize=max_size)(lambda key: function(key.value))
        return lambda value: cached(IdentityKey(value))

    return decorate
