"""Jars: downloaded once by jgo, checked against the committed checksums, started from the cache.

`python -m tools.devstack.jars --lock` resolves Kafka's coordinates anew and rewrites deploy/kafka/jars.sha256.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.errors import StackError

KAFKA_VERSION = "4.3.1"  # 4.4.0 cannot be resolved: one of its artifacts is missing from Maven

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class JarSet:
    """What some coordinates need, by the committed checksums in `lock`; `name` is its folder in the cache."""

    name: str
    coordinates: tuple[str, ...]
    lock: Path

    @property
    def folder(self) -> Path:
        """Return where the jars are kept: below IEUM_CACHE, or ~/.cache/ieum."""
        return Path(os.environ.get("IEUM_CACHE") or Path.home() / ".cache" / "ieum") / self.name

    def locked(self) -> dict[str, str]:
        """Return the sha256 of each jar by its Maven path, as committed."""
        lines = self.lock.read_text(encoding="utf-8").splitlines()
        return {path: digest for digest, path in (line.split("  ") for line in lines)}

    def get(self, progress: Progress = lambda done, total: None) -> list[Path]:
        """Return the checked jars, from the cache when they are there.

        Raises StackError when a jar is not the committed one, UnreachableError when Maven does not answer.
        """
        jars = self.locked()
        missing = [path for path in jars if not (self.folder / path).is_file()]
        if missing:
            self._download(missing, progress)
        self._check(self.folder, jars)
        return [self.folder / path for path in sorted(jars)]

    def _download(self, paths: list[str], progress: Progress) -> None:
        from tools.devstack import maven  # noqa: PLC0415  a warm start must not pay for jgo

        maven.knock()
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".download-") as staging:
            for done, _ in enumerate(_each(paths, lambda path: maven.download(path, Path(staging))), start=1):
                progress(done, len(paths))
            self._check(
                Path(staging), {path: digest for path, digest in self.locked().items() if path in paths}
            )
            for path in paths:
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(Path(staging) / path, self.folder / path)

    def _check(self, folder: Path, jars: dict[str, str]) -> None:
        for path, expected in jars.items():
            found = _sha256(folder / path)
            if found != expected:
                raise StackError(
                    f"자바 파일의 검증값이 저장소에 기록된 값과 다릅니다. 시작하지 않습니다: {folder / path}\n"
                    f"  A jar is not the committed one; nothing was started or deleted. Remove that file and try again.\n"
                    f"  expected {expected}\n  found    {found}\n  rule     {self.lock}"
                )

    def write_lock(self) -> None:
        """Resolve the coordinates anew and write down what they are now."""
        from tools.devstack import maven  # noqa: PLC0415  a warm start must not pay for jgo

        with tempfile.TemporaryDirectory() as staging:
            paths = sorted(maven.resolve(self.coordinates, Path(staging)))
            lines = [f"{_sha256(Path(staging) / path)}  {path}\n" for path in paths]
        self.lock.write_text("".join(lines), encoding="utf-8")


KAFKA = JarSet(
    f"kafka-{KAFKA_VERSION}",
    (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36"),
    Path(__file__).parents[2] / "deploy" / "kafka" / "jars.sha256",
)


def _each(paths: list[str], work: Callable[[str], Path]) -> Iterator[Path]:
    """Do eight at a time; after a failure or a Ctrl-C start no more."""
    with ThreadPoolExecutor(8) as pool:
        try:
            yield from pool.map(work, paths)
        finally:
            pool.shutdown(cancel_futures=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    if sys.argv[1:] != ["--lock"]:
        sys.exit(__doc__)
    KAFKA.write_lock()
