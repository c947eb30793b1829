"""Small workload without the demo's scenario: clients, and past results of the old system, as long as needed."""

import asyncio
from itertools import count
from pathlib import Path

from tests.chaos.history import History
from tests.chaos.programme import PUBLISHED_ON, Programme
from tests.chaos.recording import RecordingClients, connected
from tests.chaos.workload import play_clients
from tools.demo.clients import Addresses
from tools.demo.wire import to_record
from tools.devstack.waiting import first_of

AT_ONCE = 4
PAUSE_SECONDS = 1.0
LIMIT_SECONDS = 1800.0  # of a request: its service is killed again and again


async def traffic(addresses: Addresses, history: Path, seed: int, enough: asyncio.Event) -> None:
    """Play whole rounds of clients until `enough` is set; a round that has begun is finished."""
    async with connected(addresses, History(history), LIMIT_SECONDS) as at:
        await first_of(_rounds(at, seed, enough), _past(at, seed))


async def _rounds(at: RecordingClients, seed: int, enough: asyncio.Event) -> None:
    for number in count(seed):
        await play_clients(at, number, AT_ONCE)
        if enough.is_set():
            return


async def _past(at: RecordingClients, seed: int) -> None:
    """Publish past results of the first round's programme; those before its publication are parked."""
    for number in count():
        await at.publish(
            to_record(f"chaos/{seed}/past/{number}", "legacy.case_recorded.v1", _case(seed, number))
        )
        await asyncio.sleep(PAUSE_SECONDS)


def _case(seed: int, number: int) -> dict[str, object]:
    return {
        "record_id": f"F-{seed}-{number}",
        "programme_id": Programme(seed).id,
        "company_name_ko": f"기업 F-{number:03}",
        "municipality": "47150",
        "year_from": 2021,
        "year_to": 2021,
        "status": "completed",
        "amounts_krw": {"province": 10_000_000, "city": 10_000_000, "self": 5_000_000},
        "occurred_on": f"{PUBLISHED_ON}",
    }
