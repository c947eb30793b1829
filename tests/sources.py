"""Files, texts and syntax trees of the repository, for tests that read the code."""

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
    "requirements-mutation.lock",
    "package-lock.json",
)


@cache
def files() -> list[Path]:
    """Return every file that git tracks or would track, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return sorted(Path(name) for name in names.split("\0") if name and (ROOT / name).is_file())


def texts(*folders: str) -> Iterator[tuple[Path, str]]:
    """Yield the text files below the folders, or of the whole repository, with their content."""
    for path in files():
        if not folders or path.parts[0] in folders:
            content = (ROOT / path).read_bytes()
            if b"\0" not in content:
                yield path, content.decode()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield every Python file below the folders, with its syntax tree."""
    for path in files():
        if path.suffix == ".py" and path.parts[0] in folders:
            yield path, tree(path)


def strings(module: ast.Module) -> Iterator[str]:
    """Yield the text constants of a module."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def numbers(module: ast.Module) -> Iterator[int]:
    """Yield the whole numbers of a module."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node.value


def imported(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (imported name in full, its name in the module)."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, alias.asname or alias.name) for alias in node.names)


def method_calls(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (receiver, method name) of each call with a dot."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr
