"""Apache Kafka's jars: downloaded once by jgo, checked against the committed checksums, started from the cache.

`python -m deploy.local.jars --lock` resolves the coordinates anew and rewrites deploy/kafka/jars.sha256.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.errors import StackError

KAFKA_VERSION = "4.3.1"  # 4.4.0 cannot be resolved: one of its artifacts is missing from Maven
COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).parents[1] / "kafka" / "jars.sha256"

Progress = Callable[[int, int], None]


def cache_folder() -> Path:
    """Return where jars are kept: IEUM_CACHE, or ~/.cache/ieum."""
    home = Path(os.environ.get("IEUM_CACHE") or Path.home() / ".cache" / "ieum")
    return home / f"kafka-{KAFKA_VERSION}"


def locked() -> dict[str, str]:
    """Return the sha256 of each jar by its Maven path, as committed."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}


def kafka_jars(progress: Progress = lambda done, total: None) -> list[Path]:
    """Return the checked jars of Kafka, from the cache when they are there.

    Raises StackError when a jar is not the committed one, UnreachableError when Maven does not answer.
    """
    folder, jars = cache_folder(), locked()
    missing = [path for path in jars if not (folder / path).is_file()]
    if missing:
        _download(missing, folder, progress)
    _check(folder, jars)
    return [folder / path for path in sorted(jars)]


def _download(paths: list[str], folder: Path, progress: Progress) -> None:
    from deploy.local import maven  # noqa: PLC0415  a warm start must not pay for jgo

    maven.knock()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as staging:
        for done, _ in enumerate(_each(paths, lambda path: maven.download(path, Path(staging))), start=1):
            progress(done, len(paths))
        _check(Path(staging), {path: digest for path, digest in locked().items() if path in paths})
        for path in paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(staging) / path, folder / path)


def _each(paths: list[str], work: Callable[[str], Path]) -> Iterator[Path]:
    """Do eight at a time; after a failure or a Ctrl-C start no more."""
    with ThreadPoolExecutor(8) as pool:
        try:
            yield from pool.map(work, paths)
        finally:
            pool.shutdown(cancel_futures=True)


def _check(folder: Path, jars: dict[str, str]) -> None:
    for path, expected in jars.items():
        found = _sha256(folder / path)
        if found != expected:
            raise StackError(
                f"카프카 파일의 검증값이 저장소에 기록된 값과 다릅니다. 시작하지 않습니다: {folder / path}\n"
                f"  A Kafka jar is not the committed one; nothing was started or deleted. Remove that file and try again.\n"
                f"  expected {expected}\n  found    {found}\n  rule     {LOCK}"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lock_lines() -> Iterator[str]:
    from deploy.local import maven  # noqa: PLC0415  a warm start must not pay for jgo

    with tempfile.TemporaryDirectory() as staging:
        for path in sorted(maven.resolve(COORDINATES, Path(staging))):
            yield f"{_sha256(Path(staging) / path)}  {path}"


if __name__ == "__main__":
    if sys.argv[1:] != ["--lock"]:
        sys.exit(__doc__)
    LOCK.write_text("\n".join(_lock_lines()) + "\n", encoding="utf-8")
