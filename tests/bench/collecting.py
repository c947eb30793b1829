"""How often Python looks for garbage while a limit is measured."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

AS_IT_COMES = gc.get_threshold()


@contextmanager
def as_python_comes() -> Iterator[None]:
    """Without what the bench holds itself: a loop of its own would not have it to walk through."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*AS_IT_COMES)
    yield
    gc.set_threshold(*before)
