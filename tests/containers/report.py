"""What the last lines of a test run say of containers; the tests put it here as they learn it."""

compose = "시험하지 않았습니다 / not tried: its tests were not asked for"
image: list[str] = []
again: list[str] = []


def lines(servers: str) -> list[str]:
    """`servers` says what the tests of this run stood on."""
    stood_on = "; ".join([servers, *again])
    return [f"Kafka, PostgreSQL: {stood_on}", "; ".join([f"docker compose: {compose}", *image])]
