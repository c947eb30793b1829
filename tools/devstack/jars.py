"""Jars: downloaded once by jgo, verified against the committed checksums, started from the cache.

`python -m tools.devstack.jars --lock` resolves Kafka's coordinates again and rewrites deploy/kafka/jars.sha256.
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

ReportProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class JarSet:
    """Jars that Maven coordinates resolve to, with committed checksums in `lock`; `name` is their folder in the cache."""

    name: str
    coordinates: tuple[str, ...]
    lock: Path

    @property
    def folder(self) -> Path:
        """Return the folder of the cached jars, below IEUM_CACHE or ~/.cache/ieum."""
        return Path(os.environ.get("IEUM_CACHE") or Path.home() / ".cache" / "ieum") / self.name

    def locked(self) -> dict[str, str]:
        """Return the sha256 of each jar by its Maven path, as committed."""
        lines = self.lock.read_text(encoding="utf-8").splitlines()
        return {path: digest for digest, path in (line.split("  ") for line in lines)}

    def get(self, progress: ReportProgress = lambda done, total: None) -> list[Path]:
        """Return the verified jars; missing ones are downloaded into the cache first.

        Raises StackError when a checksum differs from the committed one, UnreachableError when Maven does not answer.
        """
        jars = self.locked()
        missing = [path for path in jars if not (self.folder / path).is_file()]
        if missing:
            self._download(missing, progress)
        self._verify(self.folder, jars)
        return [self.folder / path for path in sorted(jars)]

    def _download(self, paths: list[str], progress: ReportProgress) -> None:
        from tools.devstack import maven  # noqa: PLC0415  a warm start must not pay for jgo

        maven.check_reachable()
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".download-") as staging:
            for done, _ in enumerate(
                _in_parallel(paths, lambda path: maven.download(path, Path(staging))), start=1
            ):
                progress(done, len(paths))
            self._verify(
                Path(staging), {path: digest for path, digest in self.locked().items() if path in paths}
            )
            for path in paths:
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(Path(staging) / path, self.folder / path)

    def _verify(self, folder: Path, jars: dict[str, str]) -> None:
        for path, expected in jars.items():
            actual = _sha256(folder / path)
            if actual != expected:
                raise StackError(
                    f"자바 파일의 검증값이 저장소에 기록된 값과 다릅니다. 시작하지 않습니다: {folder / path}\n"
                    f"  A jar is not the committed one; nothing was started or deleted. Remove that file and try again.\n"
                    f"  expected {expected}\n  found    {actual}\n  rule     {self.lock}"
                )

    def write_lock(self) -> None:
        """Resolve the coordinates again and write the checksums of their jars."""
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


def _in_parallel(paths: list[str], work: Callable[[str], Path]) -> Iterator[Path]:
    """Yield the results, eight downloads at a time; after a failure or Ctrl-C no further one starts."""
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
