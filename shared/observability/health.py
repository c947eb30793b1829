"""Whether a role makes progress: what /readyz is told, and it is told the truth."""

from collections.abc import Callable

STARTING = "아직 시작하는 중입니다 / still starting"


class Health:
    """A role is ready once it has made progress, as long as nothing that it is watched for has failed since."""

    def __init__(self, role: str, stuck_seconds: float = 60.0) -> None:
        self.role, self.stuck_seconds = role, stuck_seconds
        self.failures: dict[str, str] = {"work": STARTING}
        self.checks: list[Callable[[], str | None]] = []

    def progress(self, component: str = "work") -> None:
        self.failures.pop(component, None)

    def failed(self, reason: str, component: str = "work") -> None:
        self.failures[component] = reason

    def problem(self) -> str | None:
        """Why the role is not ready, in words; None when it is."""
        watched = [problem for watch in self.checks if (problem := watch())]
        return " · ".join([*watched, *self.failures.values()]) or None
