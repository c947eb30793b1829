"""The files that mutation testing covers, and the tests that judge the mutants of each."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.sources import ROOT

MESSAGING = "shared/messaging"
STORES = "tests/integration/test_record_stores.py"
CONSUMER = "tests/integration/test_consumer.py"
POISON = "tests/integration/test_poison_records.py"
DISPATCHER = "tests/integration/test_dispatcher.py"
PARKING = "tests/integration/test_parking.py"
RETRY = "tests/integration/test_retry_of_parked_records.py"
CIRCUIT = "tests/integration/test_circuit_breaker.py"
PARTITIONS = "tests/integration/test_consumer_partitions.py"
OUTBOX = "tests/integration/test_outbox.py"
RELAY = "tests/integration/test_relay.py"


class Judges(NamedTuple):
    """Tests that run against each mutant of a file; `connected` ones, on the real Kafka, only where it says so."""

    tests: tuple[str, ...]
    connected: bool = False

    @property
    def need_servers(self) -> bool:
        return not all(test.startswith("tests/unit/") for test in self.tests)


OF_MESSAGING: Mapping[str, Judges] = {
    "cloudevents": Judges(("tests/unit/test_cloudevents.py",)),
    "inbox": Judges((STORES,)),
    "subscriptions": Judges(("tests/unit/test_subscriptions.py",)),
    "stored_records": Judges((STORES,)),
    "dead_letters": Judges((STORES,)),
    "poison_records": Judges(("tests/integration/test_attempts.py",)),
    "parking": Judges((STORES, PARKING, RETRY)),
    "outbox": Judges((OUTBOX, RELAY)),
    "circuit_breaker": Judges((CIRCUIT,)),
    "dispatcher": Judges((DISPATCHER, RETRY, CIRCUIT, PARKING)),
    "consumer": Judges(("tests/unit/test_consumer.py", PARTITIONS, CONSUMER, POISON)),
    "relay": Judges((RELAY, OUTBOX)),
    "kafka": Judges(("tests/unit/test_kafka.py", "tests/integration/test_producer.py"), connected=True),
    "spans": Judges(("tests/unit/test_messaging_spans.py",)),
}
"""By the name of the file: the fewest tests that notice every change of it, since all of them run for each survivor."""


def mutated_files() -> list[str]:
    """Return every file that mutation testing covers, relative to the project: business rules, then messaging."""
    rules = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/*/domain.py"))
    return [*rules, *(f"{MESSAGING}/{name}.py" for name in OF_MESSAGING)]


def judges_of(path: str) -> Judges:
    """Return the tests of a messaging file by the table, of a file of business rules the unit tests of its service."""
    if path.startswith(MESSAGING):
        return OF_MESSAGING[Path(path).stem]
    service = Path(path).parts[1]
    tests = sorted(str(test.relative_to(ROOT)) for test in ROOT.glob(f"tests/unit/test_{service}_*.py"))
    return Judges(tuple(tests))
