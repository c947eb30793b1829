"""How often Python looks for garbage in cycles: what a batch makes dies with it, by itself."""

import gc

LEAST = 50_000
EACH = 50  # objects of a record, two batches at once


def collect_rarely(batch: int = 0) -> None:
    """What a process begins with stays; what batches of so many records make is not looked through.

    A third of a projector's time went to walking through its batches some dozens of times, in vain; a sixth still
    did at the least number. Garbage in cycles waits for as many objects: some hundred MiB at most, at 20,000 records.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(max(LEAST, EACH * batch), 20, 100)
