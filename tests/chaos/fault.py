"""Faults: name, injection, healing and duration."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.chaos.stack_under_test import StackUnderTest

Inject = Callable[[StackUnderTest, Random], Awaitable[Any]]
Heal = Callable[[StackUnderTest, Any], Awaitable[None]]
Why = Callable[[StackUnderTest], str | None]


async def heals_itself(stack: StackUnderTest, left: Any) -> None:
    """Do nothing: the supervisor restarts what died."""


def always(stack: StackUnderTest) -> str | None:
    return None


@dataclass(frozen=True)
class Fault:
    """`inject` returns what `heal` needs; `seconds` bound how long it lasts.

    `brokers`, `split`: the only form of stack in which there is such a fault. `why_not`: why this machine
    cannot do it. `early`: it needs the story to go on for a while afterwards.
    """

    name: str
    inject: Inject
    heal: Heal = heals_itself
    seconds: tuple[float, float] = (1.0, 3.0)
    brokers: int | None = None
    split: bool | None = None
    why_not: Why = always
    early: bool = False

    def fits(self, brokers: int, split: bool) -> bool:
        return self.brokers in (None, brokers) and self.split in (None, split)
