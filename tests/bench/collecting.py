"""How often Python looks for garbage while a contestant is measured."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from shared.garbage import collect_rarely

AS_IT_COMES = gc.get_threshold()


@contextmanager
def as_python_comes() -> Iterator[None]:
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(*AS_IT_COMES)
    yield
    gc.set_threshold(*before)


@contextmanager
def as_the_product(batch: int) -> Iterator[None]:
    before = gc.get_threshold()
    collect_rarely(batch)
    yield
    gc.set_threshold(*before)
