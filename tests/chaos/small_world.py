"""A small good evidence, made by hand: two companies, one paid, one that gave up; tests damage it."""

from collections import Counter, defaultdict
from hashlib import sha256
from typing import Any

import orjson

from tests.chaos.checker.contract import HEARD, SOURCES
from tests.chaos.checker.evidence import Accepted, Evidence, Record
from tests.chaos.history import Operation, digest

Json = dict[str, Any]
DAY = "2025-01-10"
PARTITION = 3
LATE = "2025-01-10T10:00:02"


class World:
    """Says, hears, posts and answers as the services would; everything can be taken back by a test."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.tables: dict[str, dict[str, list[Json]]] = {name: defaultdict(list) for name in HEARD}
        self.history: list[Operation] = []
        self.accepted: list[Accepted] = []
        self.sequences: Counter[tuple[str, str]] = Counter()
        self.ids = 0

    def evidence(self) -> Evidence:
        records = sorted(self.records, key=lambda one: one.place)
        return Evidence(records, self.tables, list(self.history), list(self.accepted))

    def id(self, kind: str) -> str:
        self.ids += 1
        return f"{kind}-{self.ids}"

    # What is told and heard.

    def emit(self, topic: str, name: str, subject: str, data: Json, **cause: str) -> str:
        """An event of ours: in its log, on its topic, in the inboxes of who hears it, and in the timeline."""
        service = SOURCES[topic].rpartition("/")[2]
        self.sequences[service, subject] += 1
        sequence, id = self.sequences[service, subject], self.id("event")
        attributes = {
            "id": id,
            "source": SOURCES[topic],
            "type": f"kr.ieum.{name}.v1",
            "subject": subject,
        } | cause
        text = orjson.dumps({"occurred_on": DAY} | data).decode()
        log = self.tables[service]["event_log"]
        row = {"position": len(log) + 1, "id": id, "topic": topic, "subject": subject, "sequence": sequence}
        log.append(
            row | {"type": attributes["type"], "attributes": orjson.dumps(attributes).decode(), "data": text}
        )
        headers = {f"ce_{key}": value.encode() for key, value in attributes.items()}
        headers |= {"ce_sequence": f"{sequence:020}".encode(), "content-type": b"application/json"}
        record = self.record(topic, subject.encode(), text.encode(), tuple(headers.items()))
        self.hear(record)
        if name != "record.dead_lettered":
            told = {"source": SOURCES[topic], "id": id, "name": f"{name}.v1", "subject": subject}
            self.tables["monitoring"]["timeline"].append(told | {"sequence": sequence, "data": text})
        return id

    def outsider(self, topic: str, name: str, subject: str, data: Json, id: str = "") -> Record:
        """An event of another system, as the workload published it."""
        attributes = {
            "id": id or self.id("outside"),
            "source": topic.replace("ieum.external.", "/external/"),
            "type": f"kr.ieum.{name}.v1",
            "subject": subject,
        }
        headers = tuple((f"ce_{key}", value.encode()) for key, value in attributes.items())
        body = {"occurred_on": DAY} | data
        record = self.record(topic, subject.encode(), orjson.dumps(body), headers)
        place = {"topic": topic, "partition": PARTITION, "offset": record.offset}
        done = Operation("event", attributes["id"], attributes["type"], "ok", body=body, **place)  # type: ignore[arg-type]
        self.history.append(done)
        return record

    def record(
        self, topic: str, key: bytes, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()
    ) -> Record:
        offset = sum(one.topic == topic for one in self.records)
        made = Record(topic, PARTITION, offset, key, value, headers)
        self.records.append(made)
        return made

    def hear(self, record: Record) -> None:
        for group, topics in HEARD.items():
            if record.name.removesuffix(".v1") in topics.get(record.topic, ()):
                said = sha256(record.attributes["type"].encode() + b"\n" + record.content).digest()
                row = {"source": record.attributes["source"], "id": record.attributes["id"], "digest": said}
                self.tables[group]["inbox"].append(row)

    def bury(self, service: str, consumer: str, record: Record, rule: str) -> None:
        at = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        row = {"consumer": consumer, "rule": rule, "key": record.key, "value": record.value}
        self.tables[service]["dead_letter"].append(at | row)
        place = {"topic_name": record.topic, "partition": record.partition, "offset": record.offset}
        self.emit(f"ieum.{service}", "record.dead_lettered", record.words, place | {"consumer": consumer})

    def tell(self, event: str, case_id: str) -> None:
        """Of one event: an e-mail that was taken, a text that arrived."""
        source = next(one.attributes["source"] for one in self.records if one.attributes.get("id") == event)
        for channel, state in (("email", "sent"), ("sms", "delivered")):
            row = {"id": self.id("message"), "channel": channel, "state": state}
            self.tables["notifications"]["message"].append(row | {"event_source": source, "event_id": event})
            self.accepted.append(Accepted(channel, row["id"]))
            for word in ("sent", "delivered")[: 1 + (state == "delivered")]:
                said = {"case_id": case_id, "message_id": row["id"]}
                self.emit("ieum.notifications", f"message.{word}", case_id, said, causationid=event)

    # What is asked and answered.

    def ask(self, what: str, service: str, path: str, actor: str, body: Json, **more: Any) -> Operation:
        """`outcome`, `key`, `result` and `rule` may be said; an accepted command's answer is kept."""
        outcome = more.pop("outcome", "ok")
        result = more.pop("result", {}) if outcome == "ok" else {}
        key = f"faults/7/{more.pop('key', '') or self.id(what)}"
        content = orjson.dumps(result)
        if outcome == "ok":
            row = {"principal": actor, "key": key, "status": 200, "body": content}
            self.tables[service]["idempotency_key"].append(row)
        made = Operation(
            "command",
            self.id("ask"),
            what,
            outcome,
            sent_at=f"{DAY}T10:00:00",
            answered_at=None if outcome == "unknown" else f"{DAY}T10:00:01",
            attempts=1,
            actor=actor,
            key=key,
            service=service,
            path=path,
            body=body,
            status={"ok": 200, "refused": 409}.get(outcome),
            answer=digest(content) if outcome == "ok" else None,
            result=result,
            **more,
        )
        self.history.append(made)
        return made

    def post(self, reason: str, caused_by: str, amounts: dict[str, int], source: str, target: str) -> None:
        """One set; balances follow."""
        set_id = self.id("set")
        for funder, krw in amounts.items():
            for kind, sign in ((source, -1), (target, 1)):
                purse = {"programme_id": PROGRAMME, "fiscal_year": 2025, "funder": funder, "municipality": ""}
                row = {**purse, "kind": kind, "amount_krw": sign * krw}
                self.tables["funding"]["posting"].append(
                    {**row, "set_id": set_id, "reason": reason, "caused_by": caused_by}
                )
                self._balance({**purse, "kind": kind}, sign * krw)

    def _balance(self, account: Json, krw: int) -> None:
        for row in self.tables["funding"]["account"]:
            if all(row[name] == value for name, value in account.items()):
                row["balance_krw"] += krw
                return
        self.tables["funding"]["account"].append(account | {"balance_krw": krw})


PROGRAMME = "fault-suite-7"
