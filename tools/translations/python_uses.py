"""Keys and families of texts in Python, read from the syntax tree: nothing is imported."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

from tools.translations.uses import KEY, Uses

LOOK_UPS = {"t", "html", "text", "sentence", "look_up", "translator"}
TEXT_NAMES = {"Translate", "translator", "Assessment"}
"""Names that make a module one of texts: there, what looks like a key of a group of texts must be one."""

DECLARATION = "TEXT_FAMILIES"
BEGINNING = re.compile(r"[a-z][a-z0-9_.]*\.([a-z0-9_]+_)?")
ENDING = re.compile(r"\.[a-z_]+")


def python_uses(path: Path, root: Path, groups: set[str]) -> Uses:
    """Return the uses in a file; `groups` are the first parts of all known keys."""
    tree, uses = parsed(path), Uses()
    is_about_texts = bool(TEXT_NAMES & names_of(tree)) or declaration(tree) is not None
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        place = f"{path.relative_to(root)}:{getattr(node, 'lineno', 1)}"
        if isinstance(node, ast.Call) and called(node) in LOOK_UPS and node.args:
            uses.keys |= dict.fromkeys(constants(node.args[0]), place)
            if isinstance(node.args[0], ast.JoinedStr):
                add_joined(node.args[0], place, uses, groups)
        elif isinstance(node, ast.JoinedStr) and is_about_texts:
            add_joined(node, place, uses, groups)
        elif isinstance(node, ast.Constant) and id(node) not in pieces and is_key(node.value):
            uses.constants.add(node.value)
            if is_about_texts and "." in node.value and node.value.partition(".")[0] in groups:
                uses.keys[node.value] = place
    add_declared(declaration(tree), path, root, uses)
    return uses


def add_declared(declared: ast.Dict | None, path: Path, root: Path, uses: Uses) -> None:
    """Add the families that a module declares; their names are no keys."""
    for key, value in zip(declared.keys, declared.values, strict=True) if declared else ():
        if isinstance(key, ast.Constant):
            uses.declare(str(key.value), values_of(value, path, root))
            uses.keys.pop(str(key.value), None)


def is_key(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(KEY.fullmatch(value)) and not value.endswith(".html")


def add_joined(node: ast.JoinedStr, place: str, uses: Uses, groups: set[str]) -> None:
    """Add what an f-string begins or ends with, where that is a part of a key."""
    first, last = node.values[0], node.values[-1]
    if (
        isinstance(first, ast.Constant)
        and BEGINNING.fullmatch(str(first.value))
        and str(first.value).partition(".")[0] in groups
    ):
        uses.beginnings[str(first.value)] = place
    if isinstance(last, ast.Constant) and ENDING.fullmatch(str(last.value)):
        uses.endings.add(str(last.value))


def values_of(node: ast.expr | None, path: Path, root: Path) -> Iterator[str]:
    """Yield the values that a family's type has; raises ValueError for what cannot be read."""
    match node:
        case ast.Constant(value=value):
            yield str(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            for part in parts:
                yield from values_of(part, path, root)
        case ast.Starred(value=part):
            yield from values_of(part, path, root)
        case ast.Dict(keys=keys):
            for key in keys:
                yield from values_of(key, path, root)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from values_of(left, path, root)
            yield from values_of(right, path, root)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=part):
            yield from values_of(part, path, root)
        case ast.Name(id=name):
            yield from values_of_name(name, path, root)
        case _:
            raise ValueError(
                f"{path}: the values of a family of texts cannot be read: {ast.dump(node) if node else None}"
            )


def values_of_name(name: str, path: Path, root: Path) -> Iterator[str]:
    """Yield the values of a name, in this module or in the one that it is imported from."""
    for node in parsed(path).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                yield from values_of(value, path, root)
                return
            case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
                yield from values_of(value, path, root)
                return
            case ast.ClassDef(name=found, body=body) if found == name:
                for member in body:
                    if isinstance(member, ast.Assign):
                        yield from values_of(member.value, path, root)
                return
            case ast.ImportFrom(module=str(module), names=names) if name in [alias.name for alias in names]:
                yield from values_of_name(name, root / f"{module.replace('.', '/')}.py", root)
                return
    raise ValueError(f"{path}: {name} is not found")


def constants(node: ast.expr) -> Iterator[str]:
    """Yield the keys that an expression may be: itself, or both sides of a condition."""
    match node:
        case ast.Constant(value=str(text)) if is_key(text):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from constants(one)
            yield from constants(other)


def called(call: ast.Call) -> str | None:
    """Return the last part of the name that is called; `translator(lang)("…")` calls `translator`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)):
            return name
    return None


def names_of(tree: ast.Module) -> set[str]:
    """Return what the module imports, and the classes that it defines."""
    imported = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return imported | {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def declaration(tree: ast.Module) -> ast.Dict | None:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value) if name == DECLARATION:
                return value
    return None


@lru_cache(maxsize=1_000)
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
