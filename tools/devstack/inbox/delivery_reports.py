"""Delivery reports: posted as a JSON array some time after acceptance, in up to five attempts."""

import asyncio
import heapq
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import httpx

from tools.devstack.inbox.journal import Journal, Record
from tools.devstack.inbox.settings import Settings
from tools.devstack.inbox.sms import DELIVERED, LATE_NUMBER, NOT_DELIVERED, UNDELIVERABLE_NUMBER

MAX_ATTEMPTS = 5
BACKOFF = 1.0  # seconds, doubled after each attempt
INTERVAL = 0.1  # seconds: reports due within one interval go out as one array


class DeliveryReports:
    """Delivery reports that are due later; without a URL none is sent, and messages stay accepted."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings, self.journal = settings, journal
        self.due: list[tuple[float, str]] = []

    def schedule(self, records: list[Record]) -> None:
        """Schedule a delivery report for each of these accepted messages."""
        for record in records:
            late = record["to"] == LATE_NUMBER
            delay = self.settings.sms_late_receipt_delay if late else self.settings.sms_receipt_delay
            heapq.heappush(self.due, (time.monotonic() + delay, record["id"]))

    async def run(self) -> None:
        """Send due reports, for ever."""
        if self.settings.sms_receipt_url:
            async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
                while True:
                    await self._send(client, self.settings.sms_receipt_url, self._pop_due())
                    await asyncio.sleep(INTERVAL)

    def _pop_due(self) -> list[Record]:
        now, records = time.monotonic(), []
        while self.due and self.due[0][0] <= now:
            records.append(self.journal.records[heapq.heappop(self.due)[1]])
        return records

    async def _send(self, client: httpx.AsyncClient, url: str, records: list[Record]) -> None:
        if not records:
            return
        try:
            answer = await client.post(url, json=[_payload(record) for record in records])
            problem = "" if answer.status_code == httpx.codes.OK else f"HTTP {answer.status_code}"
        except httpx.HTTPError as failure:
            problem = repr(failure)
        for record in records:
            self._record_outcome(record, problem)

    def _record_outcome(self, record: Record, problem: str) -> None:
        attempts = record["receipt_attempts"] + 1
        reported = {"state": _state(record), "code": _code(record), "reason": ""}
        abandoned = {
            "state": "receipt_refused",
            "reason": f"수신 결과를 전하지 못함 / receipt not taken: {problem}",
        }
        outcome = reported if not problem else abandoned if attempts >= MAX_ATTEMPTS else {"reason": problem}
        self.journal.save({**record, **outcome, "receipt_attempts": attempts})
        if problem and attempts < MAX_ATTEMPTS:
            heapq.heappush(self.due, (time.monotonic() + BACKOFF * 2 ** (attempts - 1), record["id"]))


def _state(record: Record) -> str:
    return "failed" if record["to"] == UNDELIVERABLE_NUMBER else "delivered"


def _code(record: Record) -> str:
    return NOT_DELIVERED if record["to"] == UNDELIVERABLE_NUMBER else DELIVERED


def _payload(record: Record) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    failed = record["to"] == UNDELIVERABLE_NUMBER
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
