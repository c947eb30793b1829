"""All invariants, in the order of their numbers. I9 is reserved for the audit chain."""

from tools.audit import (
    convergence,
    exactly_once,
    ledger_balance,
    limits,
    liveness,
    lost_events,
    ordering,
    payments,
    privacy,
    state_machines,
    unpublished_events,
)

INVARIANTS = (
    ledger_balance.INVARIANT,
    payments.INVARIANT,
    limits.INVARIANT,
    lost_events.INVARIANT,
    unpublished_events.INVARIANT,
    ordering.INVARIANT,
    exactly_once.INVARIANT,
    convergence.INVARIANT,
    state_machines.INVARIANT,
    liveness.INVARIANT,
    privacy.INVARIANT,
)
