"""All invariants, in the order of their numbers. I9, the audit chain, is a later capability."""

from deploy.verify import (
    conservation,
    control,
    convergence,
    effects,
    limits,
    liveness,
    losses,
    order,
    payments,
    phantoms,
    privacy,
)

INVARIANTS = (
    conservation.INVARIANT,
    payments.INVARIANT,
    limits.INVARIANT,
    losses.INVARIANT,
    phantoms.INVARIANT,
    order.INVARIANT,
    effects.INVARIANT,
    convergence.INVARIANT,
    control.INVARIANT,
    liveness.INVARIANT,
    privacy.INVARIANT,
)
