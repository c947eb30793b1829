"""Invariants of a run with a history: requests, injected records, provider journals, the clients' own figures."""

from collections.abc import Sequence
from functools import partial

from tests.chaos.checks import commands, figures, injected, messages
from tests.chaos.checks.journals import Accepted
from tests.chaos.history import Operation
from tools.audit.invariant import Invariant


def invariants(history: Sequence[Operation], accepted: Sequence[Accepted]) -> list[Invariant]:
    """Return the further invariants of a run with a history, and with what the providers accepted."""
    return [
        Invariant("C1", commands.KO, commands.EN, partial(commands.check, history=history)),
        Invariant("C2", injected.KO, injected.EN, partial(injected.check, history=history)),
        Invariant("C3", messages.KO, messages.EN, partial(messages.check, accepted=accepted)),
        Invariant("C4", figures.KO, figures.EN, partial(figures.check, history=history)),
    ]
