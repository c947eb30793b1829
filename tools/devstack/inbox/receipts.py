"""Delivery receipts: posted as a JSON array some time after acceptance, tried up to five times."""

import asyncio
import heapq
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import httpx

from tools.devstack.inbox.journal import Journal, Record
from tools.devstack.inbox.settings import Settings
from tools.devstack.inbox.sms import DELIVERED, LATE, NOT_DELIVERED, UNDELIVERED

ATTEMPTS = 5
PAUSE = 1.0  # seconds, doubled with each attempt
TICK = 0.1  # seconds: what is due within one goes out as one array


class Receipts:
    """The receipts that are still to be told; without a URL there is nobody to tell, and messages stay accepted."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings, self.journal = settings, journal
        self.due: list[tuple[float, str]] = []

    def plan(self, records: list[Record]) -> None:
        """Plan a receipt for each of these accepted messages."""
        for record in records:
            late = record["to"] == LATE
            delay = self.settings.sms_late_receipt_delay if late else self.settings.sms_receipt_delay
            heapq.heappush(self.due, (time.monotonic() + delay, record["id"]))

    async def run(self) -> None:
        """Tell what is due, for ever."""
        if self.settings.sms_receipt_url:
            async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
                while True:
                    await self._tell(client, self.settings.sms_receipt_url, self._take_due())
                    await asyncio.sleep(TICK)

    def _take_due(self) -> list[Record]:
        now, found = time.monotonic(), []
        while self.due and self.due[0][0] <= now:
            found.append(self.journal.records[heapq.heappop(self.due)[1]])
        return found

    async def _tell(self, client: httpx.AsyncClient, url: str, records: list[Record]) -> None:
        if not records:
            return
        try:
            answer = await client.post(url, json=[_receipt(one) for one in records])
            problem = "" if answer.status_code == httpx.codes.OK else f"HTTP {answer.status_code}"
        except httpx.HTTPError as failure:
            problem = repr(failure)
        for record in records:
            self._settle(record, problem)

    def _settle(self, record: Record, problem: str) -> None:
        attempts = record["receipt_attempts"] + 1
        told = {"state": _state(record), "code": _code(record), "reason": ""}
        given_up = {
            "state": "receipt_refused",
            "reason": f"수신 결과를 전하지 못함 / receipt not taken: {problem}",
        }
        outcome = told if not problem else given_up if attempts >= ATTEMPTS else {"reason": problem}
        self.journal.keep({**record, **outcome, "receipt_attempts": attempts})
        if problem and attempts < ATTEMPTS:
            heapq.heappush(self.due, (time.monotonic() + PAUSE * 2 ** (attempts - 1), record["id"]))


def _state(record: Record) -> str:
    return "failed" if record["to"] == UNDELIVERED else "delivered"


def _code(record: Record) -> str:
    return NOT_DELIVERED if record["to"] == UNDELIVERED else DELIVERED


def _receipt(record: Record) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    failed = record["to"] == UNDELIVERED
    data = {
        "messageId": record["id"],
        "groupId": record["group"],
        "type": record["type"],
        "to": record["to"],
        "from": record["from"],
        "statusCode": _code(record),
        "statusMessage": "결번 / no such number" if failed else "수신완료",
        "networkCode": "45005",
        "dateProcessed": record["received_at"],
        "dateReported": now,
        "dateReceived": None if failed else now,
        "customFields": record["customFields"],
    }
    return {"eventDataId": secrets.token_hex(12), "retryCount": record["receipt_attempts"], "data": data}
