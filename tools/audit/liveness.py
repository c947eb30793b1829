"""I11: all that was said is published and heard, everything is ready, and nothing waits beyond its deadline."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant
from tools.audit.snapshot import Moment

PARKED = """
    select topic, partition, "offset", reason, extract(epoch from clock_timestamp() - parked_at)::float as seconds
    from parked order by parked_at
"""
READY_SECONDS = 15.0
PAUSE_SECONDS = 0.5


async def check(evidence: Evidence) -> Finding:
    """After the grace that the evidence was waited for."""
    moment, target = evidence.moment, evidence.target
    unready = await asyncio.gather(*(_why_unready(url) for url in target.processes))
    parked = {service: await evidence.rows(service, PARKED) for service in target.owners}
    late = [
        f"{service}: {row['topic']}/{row['partition']}@{row['offset']}이(가) {row['seconds']:,.0f}초째 기다립니다 "
        f"({row['reason']}) / parked beyond its deadline"
        for service, rows in parked.items()
        for row in rows
        if row["seconds"] > target.parking_seconds
    ]
    counts = [
        Count(len(moment.counters), "발행 대기함", "outboxes"),
        Count(moment.watched, "듣는 이와 파티션", "groups' partitions"),
        Count(len(target.processes), "프로세스", "processes"),
        Count(sum(map(len, parked.values())), "대기 중인 기록", "parked records", needed=False),
    ]
    return Finding(counts, [*_waiting(moment), *_moving(evidence), *_said(unready), *late])


def _waiting(moment: Moment) -> Iterator[str]:
    for service, counter in moment.counters.items():
        if counter["outbox"]:
            yield f"{service}: 발행하지 못한 사건이 있습니다({counter['outbox']}건) / events wait to be published"
    for one in moment.behind:
        yield (
            f"{one.group}: {one.topic}/{one.partition}에 읽지 않은 기록이 있습니다({one.records}건) "
            "/ the group has not read its partition to the end"
        )


def _moving(evidence: Evidence) -> Iterator[str]:
    if not evidence.is_still:
        yield "기다렸지만 조용해지지 않아 움직이는 중에 확인했습니다. 현황(I8)은 뒤따르는 중일 수 있으니 잠시 뒤 다시 하세요 / it never came to rest and was checked in motion: the board (I8) may only lag; try again shortly"


def _said(unready: Sequence[str | None]) -> Iterator[str]:
    yield from (problem for problem in unready if problem is not None)


async def _why_unready(url: str) -> str | None:
    """A process that is busy for a moment may say so; it has some seconds to get over it."""
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while True:
            problem = await _asked(client, url)
            if problem is None or time.monotonic() > deadline:
                return problem
            await asyncio.sleep(PAUSE_SECONDS)


async def _asked(client: httpx.AsyncClient, url: str) -> str | None:
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
