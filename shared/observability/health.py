"""Health of one role: whether it makes progress, which /readyz reports."""

from collections.abc import Callable

STARTING = "아직 시작하는 중입니다 / still starting"


class Health:
    """Readiness of a role: ready once it has made progress, while no component has failed and no check finds a problem.

    `stuck_seconds` is how long records may wait without progress; `checks` return a reason or None.
    """

    def __init__(self, role: str, stuck_seconds: float = 60.0) -> None:
        self.role, self.stuck_seconds = role, stuck_seconds
        self.failures: dict[str, str] = {"work": STARTING}
        self.checks: list[Callable[[], str | None]] = []

    def progress(self, component: str = "work") -> None:
        """Clear the failure of a component."""
        self.failures.pop(component, None)

    def failed(self, reason: str, component: str = "work") -> None:
        """Set the failure of a component; `reason` is shown to operators, in Korean and English."""
        self.failures[component] = reason

    def problem(self) -> str | None:
        """Return why the role is not ready, None where it is."""
        found = [problem for check in self.checks if (problem := check())]
        return " · ".join([*found, *self.failures.values()]) or None
