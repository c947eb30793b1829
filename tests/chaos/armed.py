"""Orders to a process, one file each: what is to happen when it passes a point for the n-th time, once.

`armed/<service>.<what>` holds n; whoever carries it out moves it to `hit/` first, so nobody does it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = "IEUM_FAULTS_FOLDER"
SERVICE = "IEUM_FAULTS_SERVICE"


@dataclass(frozen=True)
class Orders:
    """All orders of one run, below one folder."""

    folder: Path

    def arm(self, service: str, what: str, n: int = 1) -> None:
        """Give the order: at the n-th passing from now on."""
        for name in ("armed", "hit"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{service}.{what}.draft"
        draft.write_text(str(n), encoding="utf-8")
        draft.rename(self._armed(service, what))

    def disarm(self, service: str, what: str) -> bool:
        """Take the order back; tell whether it still stood."""
        try:
            self._armed(service, what).unlink()
        except FileNotFoundError:
            return False
        return True

    def hits(self) -> Iterator[tuple[str, str]]:
        """What was carried out: (service, what)."""
        for file in sorted((self.folder / "hit").glob("*"), key=lambda file: file.stat().st_mtime):
            service, _, what = file.name.partition(".")
            yield service, what

    def was_hit(self, service: str, what: str) -> bool:
        return (self.folder / "hit" / f"{service}.{what}").exists()

    def taken(self, service: str, what: str, passed: int) -> bool:
        """Whether it is to happen now, at this passing; only one process is ever told so."""
        armed = self._armed(service, what)
        try:
            if passed < int(armed.read_text(encoding="utf-8")):
                return False
            armed.rename(self.folder / "hit" / armed.name)
        except FileNotFoundError:
            return False
        return True

    def is_armed(self, service: str, what: str) -> bool:
        return self._armed(service, what).exists()

    def _armed(self, service: str, what: str) -> Path:
        return self.folder / "armed" / f"{service}.{what}"
