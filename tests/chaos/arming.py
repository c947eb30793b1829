"""Arm crash points from outside a process, one file each: what happens at the n-th passing, once.

`armed/<service>.<what>` holds n; the process that carries it out moves it to `hit/` first, so no other one does.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = "IEUM_CHAOS_FOLDER"
SERVICE = "IEUM_CHAOS_SERVICE"


@dataclass(frozen=True)
class ArmedPoints:
    """The armed points of one run, below one folder."""

    folder: Path

    def arm(self, service: str, what: str, n: int = 1) -> None:
        """Arm a point: it is hit at the n-th passing from now on."""
        for name in ("armed", "hit"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{service}.{what}.draft"
        draft.write_text(str(n), encoding="utf-8")
        draft.rename(self._file(service, what))

    def disarm(self, service: str, what: str) -> bool:
        """Disarm a point; return whether it was still armed."""
        try:
            self._file(service, what).unlink()
        except FileNotFoundError:
            return False
        return True

    def was_hit(self, service: str, what: str) -> bool:
        return (self.folder / "hit" / f"{service}.{what}").exists()

    def hit(self, service: str, what: str, passed: int) -> bool:
        """Return whether the point is hit at this passing; true in one process only."""
        armed = self._file(service, what)
        try:
            if passed < int(armed.read_text(encoding="utf-8")):
                return False
            armed.rename(self.folder / "hit" / armed.name)
        except FileNotFoundError:
            return False
        return True

    def is_armed(self, service: str, what: str) -> bool:
        return self._file(service, what).exists()

    def _file(self, service: str, what: str) -> Path:
        return self.folder / "armed" / f"{service}.{what}"
