"""Vocabulary linter: retired identifiers and docstring openings, run by `make lint`.

    python -m tools.vocabulary [FOLDER ...]     exit 1 and one line per finding

The glossary (docs/glossary.md) gives the words to use instead.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("services", "shared", "deploy", "tools", "tests")

RETIRED = {
    "told": "emitted, queued, reported",
    "tell": "emit, enqueue, report",
    "tells": "emits, reports",
    "said": "the value's own name",
    "says": "contains, returns",
    "hears": "subscribes_to",
    "heard": "subscribed",
    "hearing": "subscriptions",
    "ears": "subscriber",
    "burial": "dead_letters",
    "bury": "dead_letter",
    "buried": "dead_lettered",
    "doubts": "poison_records",
    "doubt": "poison",
    "careful": "one_by_one",
    "calm": "cooldown",
    "calmed": "cooled_down",
    "deadly": "poison",
    "letters": "dead_letters",
    "purse": "budget_line",
    "purses": "budget_lines",
    "kept": "stored, cached",
    "forget": "delete, clear, reset",
    "handed": "drained, sent",
    "tile": "rollup",
    "tiles": "rollups",
    "tiled": "rollup",
    "view_charts": "chart_data",
    "town": "stack_under_test",
    "victim": "instrumented_service",
    "guests": "extra_processes",
    "invite": "start",
    "damages": "mutations",
    "damage": "mutation",
    "canaries": "known_contacts",
    "surroundings": "host_faults",
    "leftovers": "orphans",
    "pleasant": "preferred",
    "stranger": "other_company",
    "barred": "excluded",
    "whoever": "the role",
    "who": "the role's own name",
    "whose": "the owner's own name",
    "room": "module",
    "rooms": "modules",
}
"""Words that no identifier may contain (between underscores or capitals), and what stands for them now."""

STANDARD_TERMS = re.compile(r"dead_?letters?", re.IGNORECASE)
"""Terms in which a retired word stands rightly."""

OPENINGS = re.compile(
    r"(What|Who|Whose|Whom|Whoever|Whatever|Those|These|Of|The same|Until|From|Also|Which|That|Its|It|They|All that|"
    r"Else|As|Where|Whether it|Nobody|Nothing|Everything|Something)\b"
)
"""Openings of a docstring that do not name the thing: start with an imperative or a noun phrase."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Finding(NamedTuple):
    """One place that breaks the vocabulary."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every identifier that the module itself defines, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield getattr(node, "lineno", 1), name


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the first line of every docstring with its line number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text.partition("\n")[0]


def retired(name: str) -> Iterator[str]:
    """Yield the retired words in an identifier."""
    words = map(str.lower, WORD.findall(STANDARD_TERMS.sub("", name)))
    yield from (word for word in words if word in RETIRED)


def findings(path: Path) -> Iterator[Finding]:
    """Yield what breaks the vocabulary in one Python file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = [(1, path.stem), *identifiers(tree)]
    for line, name in names:
        for word in retired(name):
            yield Finding(path, line, f"`{name}`: `{word}` is retired, use {RETIRED[word]}")
    for line, opening in docstrings(tree):
        if OPENINGS.match(opening):
            yield Finding(path, line, f'docstring opens with "{opening[:60]}": name the thing first')


def sources(folders: list[str]) -> list[Path]:
    """Return the tracked Python files below the folders, without migrations: those stay as they were run."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    paths = [Path(name) for name in listed if name.endswith(".py")]
    return [path for path in paths if "migrations" not in path.parts and (ROOT / path).exists()]


def main() -> None:
    """Print every finding and end with 1 where there is one."""
    found = [one for path in sources(sys.argv[1:] or list(FOLDERS)) for one in findings(path)]
    for one in found:
        print(one)  # noqa: T201  a command
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
