"""How often Python looks for garbage in cycles: what a batch makes dies with it, by itself."""

import gc

AFTER = 1_000_000
"""Objects more than there were: two batches of a projector's 20,000 records, or what a relay reads at once."""


def tune_garbage_collection() -> None:
    """What a process begins with stays; what batches make is not looked through.

    A third of a projector's time went to walking through its batches some dozens of times, in vain; a sixth still
    did at 50,000 objects. Garbage in cycles waits for a million.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(AFTER, 20, 100)
