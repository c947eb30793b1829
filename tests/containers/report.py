"""Lines about containers in the summary of a test run, filled in by the tests."""

compose = "시험하지 않았습니다 / not tried: its tests were not asked for"
image: list[str] = []
again: list[str] = []


def lines(servers: str) -> list[str]:
    """Return the summary lines; `servers` describes the servers of this run."""
    descriptions = "; ".join([servers, *again])
    return [f"Kafka, PostgreSQL: {descriptions}", "; ".join([f"docker compose: {compose}", *image])]
