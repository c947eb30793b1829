"""What only a run with a history can judge: requests, injected records, provider journals, the clients' own figures."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.chaos.checks import commands, figures, injected, messages
from tests.chaos.checks.journals import accepted_in
from tests.chaos.history import Operation
from tools.audit.invariant import Invariant


def invariants(history: Sequence[Operation], inbox: Path) -> list[Invariant]:
    """Return the auditor's invariants of one run; `inbox` is the folder of the providers' journals."""
    accepted = accepted_in(inbox)
    return [
        Invariant("C1", commands.KO, commands.EN, partial(commands.check, history=history)),
        Invariant("C2", injected.KO, injected.EN, partial(injected.check, history=history)),
        Invariant("C3", messages.KO, messages.EN, partial(messages.check, accepted=accepted)),
        Invariant("C4", figures.KO, figures.EN, partial(figures.check, history=history)),
    ]
