"""The repository's own text and syntax trees, for tests that read the code."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-server.lock",
    "requirements-bench.lock",
    "package-lock.json",
)


@cache
def files() -> list[Path]:
    """Every file that git keeps or would keep, relative to the root."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return sorted(Path(name) for name in found.split("\0") if name and (ROOT / name).is_file())


def texts(*folders: str) -> Iterator[tuple[Path, str]]:
    """What can be read as text, below the folders, or in the whole tree."""
    for path in files():
        if not folders or path.parts[0] in folders:
            content = (ROOT / path).read_bytes()
            if b"\0" not in content:
                yield path, content.decode()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below the folders, read."""
    for path in files():
        if path.suffix == ".py" and path.parts[0] in folders:
            yield path, tree(path)


def strings(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def numbers(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node.value


def imported(module: ast.Module) -> Iterator[tuple[str, str]]:
    """(what is imported, the name that it has here)."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{one.name}", one.asname or one.name) for one in node.names)
        elif isinstance(node, ast.Import):
            yield from ((one.name, one.asname or one.name) for one in node.names)


def method_calls(module: ast.Module) -> Iterator[tuple[str, str]]:
    """(what it is called on, the method's name) of each call that has a dot."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr
