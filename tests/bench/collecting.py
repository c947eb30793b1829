"""How often Python looks for garbage while a limit is measured."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

AS_IT_COMES = gc.get_threshold()


@contextmanager
def as_python_comes() -> Iterator[None]:
    """The bench itself looks as rarely as the product."""
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(*AS_IT_COMES)
    yield
    gc.set_threshold(*before)
