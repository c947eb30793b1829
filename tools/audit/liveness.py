"""I11: everything logged is published and read, everything is ready, and nothing waits beyond its deadline."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from tools.audit.contract import SERVICES
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, Violations
from tools.audit.snapshot import Snapshot

PARKED = """
    select topic, partition, "offset", reason, extract(epoch from clock_timestamp() - parked_at)::float as seconds
    from {service}.parked order by parked_at
"""
READY_SECONDS = 15.0
PAUSE_SECONDS = 0.5


async def check(evidence: Evidence) -> Finding:
    """Check outboxes, lag, readiness and parked records, after the time that the evidence was waited for."""
    snapshot, target, found, parked = evidence.snapshot, evidence.target, Violations(), 0
    found.add([*_waiting(snapshot), *_moving(evidence), *await _unready(target.processes or ())])
    for service in SERVICES:
        async for row in evidence.database.stream(PARKED.format(service=service)):
            parked += 1
            if row["seconds"] > target.parking_seconds:
                found.add([_late(service, row)])
    is_known = target.processes is not None
    counts = [
        Count(len(snapshot.counters), "발행 대기함", "outboxes"),
        Count(snapshot.watched, "소비자와 파티션", "groups' partitions"),
        Count(len(target.processes or ()), "프로세스", "processes", needed=is_known),
        Count(parked, "대기 중인 기록", "parked records", needed=False),
    ]
    notes = (
        []
        if is_known
        else ["프로세스 주소를 몰라 준비 상태는 보지 않았습니다 / readiness was not asked: no addresses"]
    )
    return Finding(counts, found.first, found.count, notes)


def _waiting(snapshot: Snapshot) -> Iterator[str]:
    for service, counters in snapshot.counters.items():
        if counters["outbox"]:
            yield f"{service}: 발행하지 못한 사건이 있습니다({counters['outbox']}건) / events wait to be published"
    for lag in snapshot.lags:
        yield (
            f"{lag.group}: {lag.topic}/{lag.partition}에 읽지 않은 기록이 있습니다({lag.records}건) "
            "/ the group has not read its partition to the end"
        )


def _moving(evidence: Evidence) -> Iterator[str]:
    if not evidence.is_still:
        yield (
            "기다렸지만 조용해지지 않아 움직이는 중에 확인했습니다. 현황(I8)은 뒤따르는 중일 수 있으니 잠시 뒤 다시 하세요 "
            "/ it never came to rest and was checked in motion: the board (I8) may only lag; try again shortly"
        )


def _late(service: str, row: Any) -> str:
    return (
        f"{service}: {row['topic']}/{row['partition']}@{row['offset']}이(가) {row['seconds']:,.0f}초째 기다립니다 "
        f"({row['reason']}) / parked beyond its deadline"
    )


async def _unready(urls: Sequence[str]) -> list[str]:
    problems = await asyncio.gather(*(_why_unready(url) for url in urls))
    return [problem for problem in problems if problem is not None]


async def _why_unready(url: str) -> str | None:
    """A process may be busy for a moment: it is asked for some seconds."""
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while True:
            problem = await _ask(client, url)
            if problem is None or time.monotonic() > deadline:
                return problem
            await asyncio.sleep(PAUSE_SECONDS)


async def _ask(client: httpx.AsyncClient, url: str) -> str | None:
    try:
        answer: Any = await client.get(f"{url}/readyz")
    except httpx.HTTPError as error:
        return f"{url}: 답하지 않습니다({type(error).__name__}) / does not answer"
    return None if answer.is_success else f"{url}/readyz: {answer.text[:200]} / not ready"


INVARIANT = Invariant(
    "I11",
    "밀린 것이 없고 모두 준비되어 있다(발행·수신 대기 0, 기한 넘긴 기록 없음)",
    "liveness: outboxes empty, lag 0, all ready, nothing parked beyond its deadline",
    check,
)
