"""The business clock that a demo moves: one file, written by the player and read by every service."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.values import clock


@dataclass(frozen=True)
class BusinessClock:
    """A clock file (shared/values/clock.py). It is replaced, so the services see a whole moment, and only moves forward."""

    file: Path

    def now(self) -> datetime:
        """Return the moment at which the clock stands; raises ValueError where the file holds none."""
        return clock.read_file(self.file)

    def advance_to(self, moment: datetime) -> None:
        """Move the clock forward to `moment`; a clock that stands there already, or later, stays."""
        if not self.file.exists() or self.now() < moment:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.file.with_name(f".{self.file.name}.draft")
            temporary.write_text(f"{moment.isoformat()}\n", encoding="utf-8")
            temporary.replace(self.file)
