"""Servers for mutmut's runs: started and prepared once, by the process that starts the runs, and shared by all of them."""

from collections.abc import Mapping
from functools import cache

from tests import databases
from tests.mutation.judges import Judges
from tests.stack import kafka_bootstrap, postgres_url, run_apart

DATABASE = "ieum_mutation"


def given_to(judges: Judges) -> dict[str, str]:
    """Return the environment that names the servers which the tests need."""
    environment = {"IEUM_TEST_SERVERS": "embedded"}
    if judges.need_servers:
        environment |= database()
    if judges.connected:
        environment["IEUM_KAFKA_BOOTSTRAP"] = kafka_bootstrap()
    return environment


@cache
def database() -> Mapping[str, str]:
    """Create the database that all runs share, one after the other; a mutant that waits for ever is to end soon."""
    postgres_url()  # started by the main thread: the server ends with the thread that started it
    run_apart(databases.create(DATABASE))
    return databases.nested_run(DATABASE) | {"IEUM_TEST_QUIESCENCE_SECONDS": "5"}
