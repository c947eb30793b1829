"""How a guard is removed: a function is replaced, a line is edited, the schema is changed. Loud where it is gone."""

import inspect
import linecache
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from textwrap import dedent
from typing import Any

from sqlalchemy import TextClause, text


class NotThere(Exception):
    """The guard does not stand where the registry says: say how it is removed now."""


@dataclass(frozen=True)
class Removal:
    """`how` is for the reader. `apply` changes this process, `sql` the schemas once they are migrated."""

    how: str
    apply: Callable[[], None] = lambda: None
    sql: tuple[tuple[str, str], ...] = ()


def always(target: str, answer: Any) -> Removal:
    """Whatever it is asked, the function answers the same. Targets are `module:name` or `module:Class.name`."""

    def apply() -> None:
        async def later(*_: Any, **__: Any) -> Any:
            return answer

        def now(*_: Any, **__: Any) -> Any:
            return answer

        swap(target, later if is_async(found(target)[2]) else now)

    return Removal(f"`{short(target)}` → `{answer!r}`", apply)


def set_to(target: str, value: Any) -> Removal:
    """A limit is another."""
    return Removal(f"`{short(target)}` = {value:,}", lambda: swap(target, value))


def replaced(target: str, by: Callable[..., Any], how: str) -> Removal:
    """The function is another one; it takes what the original takes, or this is no removal but a fault."""

    def apply() -> None:
        original = found(target)[2]
        if names_of(original) != names_of(by) or is_async(original) != is_async(by):
            raise NotThere(f"{target} is called in another way now: {inspect.signature(original)}")
        swap(target, by)

    return Removal(how, apply)


def wrapped(target: str, around: Callable[[Any], Callable[..., Any]], how: str) -> Removal:
    """The function is made anew around the original one."""
    return Removal(how, lambda: swap(target, around(found(target)[2])))


def edited(target: str, old: str, new: str = "", how: str = "") -> Removal:
    """One place in a function's code, or in a constant of SQL, is another; dedented, as the function stands alone."""

    def apply() -> None:
        original = found(target)[2]
        if isinstance(original, str):
            swap(target, once(target, original, old, new))
        elif isinstance(original, TextClause):
            swap(target, text(once(target, original.text, old, new)))
        else:
            swap(target, recompiled(target, original, partial(once, target, old=old, new=new)))

    told = f"`{first_line(old)}` → `{first_line(new)}`" if new else f"`{first_line(old)}` 없앰 / gone"
    return Removal(f"`{short(target)}`: {how or told}", apply)


def in_database(*statements: tuple[str, str], how: str = "") -> Removal:
    """(service, SQL) in the services' schemas, as superuser; an SQL that fails is a fault, no removal."""
    return Removal(
        how or "; ".join(f"`{' '.join(sql.split())}` ({name})" for name, sql in statements), sql=statements
    )


def together(how: str, *removals: Removal) -> Removal:
    """Several places that are one guard."""

    def apply() -> None:
        for one in removals:
            one.apply()

    return Removal(how, apply, tuple(pair for one in removals for pair in one.sql))


# Finding and swapping.


def found(target: str) -> tuple[Any, str, Any]:
    """(the module or class, the name in it, what stands there)."""
    module, _, path = target.partition(":")
    try:
        holder: Any = import_module(module)
        *outer, name = path.split(".")
        for one in outer:
            holder = getattr(holder, one)
        return holder, name, vars(holder)[name]
    except (ImportError, AttributeError, KeyError) as error:
        raise NotThere(
            f"{target} is gone ({error}): say in tests/sabotage how this guard is removed now"
        ) from error


def swap(target: str, by: Any) -> None:
    """Also where others have imported it by its name."""
    holder, name, original = found(target)
    setattr(holder, name, by)
    if hasattr(by, "__set_name__"):
        by.__set_name__(holder, name)
    for module, known_as in list(known_in(original)):
        setattr(module, known_as, by)


def known_in(original: Any) -> Iterator[tuple[Any, str]]:
    for module in list(sys.modules.values()):
        names = [name for name, value in list(getattr(module, "__dict__", {}).items()) if value is original]
        yield from ((module, name) for name in names)


def once(target: str, given: str, old: str, new: str) -> str:
    if given.count(old) != 1:
        raise NotThere(
            f"{target} has {given.count(old)} times {old!r}, not once: say how this guard is removed now"
        )
    return given.replace(old, new)


def recompiled(target: str, original: Any, edit: Callable[[str], str]) -> Any:
    """The function made anew from its edited text, among the names of its own module."""
    function = inspect.unwrap(getattr(original, "func", original))
    source = edit(dedent(inspect.getsource(function)))
    file = f"<{target} without its guard>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    made: dict[str, Any] = {}
    exec(compile(source, file, "exec"), function.__globals__, made)  # the product's own text
    return made[function.__name__]


# Words.


def is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(inspect.unwrap(function))


def names_of(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def short(target: str) -> str:
    """`inbox.is_first_delivery` instead of the whole path."""
    module, _, path = target.partition(":")
    return path if "." in path else f"{module.rpartition('.')[2]}.{path}"


def first_line(code: str) -> str:
    return " ".join(code.split())[:90]
