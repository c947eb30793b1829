"""Circuit breaker of a consumer: it opens after too many dead letters in a row, and closes when a record is handled."""

from shared.observability.metrics import CIRCUIT_OPEN


class CircuitOpen(Exception):
    """Too many dead letters in a row: no record of our own is dead-lettered until one is handled."""


class CircuitBreaker:
    """Counts consecutive dead letters of our own records; `limit` of them open the circuit."""

    def __init__(self, service: str, limit: int) -> None:
        self.service, self.limit = service, limit
        self.close()

    def close(self) -> None:
        """Close the circuit: a record was handled."""
        self.dead_letters_in_a_row = 0
        CIRCUIT_OPEN.labels(self.service).set(0)

    def count(self) -> None:
        """Count a dead letter, which may open the circuit."""
        self.dead_letters_in_a_row += 1
        CIRCUIT_OPEN.labels(self.service).set(bool(self.open_reason()))

    def open_reason(self) -> str | None:
        """Return why the circuit is open, None while it is closed."""
        if self.dead_letters_in_a_row < self.limit:
            return None
        return f"사건 {self.dead_letters_in_a_row}건을 연달아 처리하지 못해 멈췄습니다 / the circuit is open"
