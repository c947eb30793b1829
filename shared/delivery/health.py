"""Whether a role makes progress: what /readyz is told, and it is told the truth."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Health:
    """A role is ready once it has made progress, and as long as nothing has failed since or stood still."""

    role: str
    stuck_seconds: float = 60.0
    failure: str | None = "아직 시작하는 중입니다 / still starting"
    progressed_at: float = 0.0
    watches: list[Callable[[], str | None]] = field(default_factory=list)

    def progress(self) -> None:
        self.failure, self.progressed_at = None, time.monotonic()

    def failed(self, reason: str) -> None:
        self.failure = reason

    def problem(self) -> str | None:
        """Why the role is not ready, in words; None when it is."""
        if self.failure:
            return self.failure
        return next((problem for watch in self.watches if (problem := watch())), None)
