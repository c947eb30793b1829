"""Reads all topics and all tables after the fire, and says what is wrong; it shares no code with what it judges."""

from collections.abc import Mapping
from pathlib import Path

from tests.chaos.checker.gathering import PATIENCE_SECONDS, gathered
from tests.chaos.checker.verdict import Verdict, judged
from tests.chaos.history import read

__all__ = ["Verdict", "check"]


async def check(
    kafka: str,
    owners: Mapping[str, str],
    history: Path,
    *,
    inbox: Path | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Verdict:
    """Everything once nothing moves any more; after so many seconds as it stands, which is said.

    `owners` are the addresses of the schemas' owners by service, `inbox` the folder of the providers' journals.
    """
    evidence = await gathered(kafka, owners, list(read(history)), inbox, patience_seconds)
    return judged(evidence)
