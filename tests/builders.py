"""Builders of events and Kafka records with usual contents."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import orjson

from shared.events import Event
from shared.events.applications import AgreementSigned, CompanyRegistered, CompanySelected, Ranking
from shared.events.notifications import MessageFailed
from shared.messaging.cloudevents import new_attributes
from shared.values.business_number import check_digit
from shared.values.money import Funder

A_DAY = date(2024, 7, 1)
PROGRAMME = "jeonbuk-smart-factory"


def a_business_number() -> str:
    first_nine = f"{uuid4().int % 10**9:09}"
    return first_nine + check_digit(first_nine)


def a_registration() -> CompanyRegistered:
    return CompanyRegistered(
        company_id=uuid4(),
        business_number=a_business_number(),
        name_ko="기업 B-001",
        municipality="52130",
        occurred_on=A_DAY,
    )


def a_selection(case_id: UUID | None = None, rank: int = 1) -> CompanySelected:
    return CompanySelected(
        case_id=case_id or uuid4(),
        programme_id=PROGRAMME,
        round_id="jeonbuk-2024",
        year=2024,
        via="ranking",
        rank=rank,
        score="250/3",
        ranking=Ranking(applications=3, quota=2, reviews=3, trimmed=False),
        occurred_on=A_DAY,
    )


def an_agreement(case_id: UUID | None = None, total_krw: int = 100_000_000) -> AgreementSigned:
    shares = {
        Funder.PROVINCE: total_krw * 2 // 5,
        Funder.CITY: total_krw * 2 // 5,
        Funder.SELF: total_krw // 5,
    }
    return AgreementSigned(
        case_id=case_id or uuid4(),
        programme_id=PROGRAMME,
        version=1,
        company_id=uuid4(),
        year=2024,
        municipality="52130",
        total_krw=total_krw,
        shares_krw=shares,
        starts_on=A_DAY,
        ends_on=date(2025, 6, 30),
        occurred_on=A_DAY,
    )


def a_failed_message() -> MessageFailed:
    return MessageFailed(
        case_id=uuid4(),
        programme_id=PROGRAMME,
        message_id=uuid4(),
        template="selected",
        channel="email",
        occurred_on=A_DAY,
    )


def old_kafka_record(event: Event, number: int = 1) -> dict[str, Any]:
    """Build the arguments with which a producer sent the event in version 1, with a sentence in place of facts."""
    record = kafka_record(event, number, type=f"{event.type().rpartition('.v')[0]}.v1")
    facts = event.model_dump(mode="json", exclude={"ranking"}, exclude_none=True)
    return record | {"value": orjson.dumps(facts | {"reason": "연락처 없음"})}


def kafka_record(event: Event, number: int | None = 1, **attributes: str) -> dict[str, Any]:
    """Build the arguments with which a producer sends the event; number None for a publisher that does not count."""
    sequence = {} if number is None else {"sequence": f"{number:020}"}
    envelope = new_attributes(event) | sequence | attributes
    headers = [(f"ce_{name}", value.encode()) for name, value in envelope.items()]
    return {
        "topic": event.topic,
        "value": event.model_dump_json(exclude_none=True).encode(),
        "key": event.subject.encode(),
        "headers": [*headers, ("content-type", b"application/json")],
    }
