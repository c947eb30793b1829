"""Enqueueing messages from events: which messages, for which companies, and only once."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.notifications.main import SERVICE
from services.notifications.messages import commands as messages
from services.notifications.recipients import commands as recipients
from services.notifications.templates.notices import NOTICES
from shared.config import Settings
from shared.events import Event
from shared.events.applications import (
    ApplicationScreened,
    CaseAbandoned,
    CaseRecorded,
    CompanyRejected,
    CompanyReserved,
)
from shared.events.funding import SelfContributionConfirmed, TrancheDisbursed, TrancheFailed
from shared.events.monitoring import MilestoneAchieved, MilestoneDueSoon, MilestoneMissed
from shared.values.money import Funder
from tests.builders import A_DAY, PROGRAMME, a_selection, an_agreement, kafka_record
from tests.databases import Databases
from tests.flows.notifications_builders import (
    CaseContact,
    a_company,
    a_programme,
    a_submission,
    an_envelope,
    emitted_events,
    rows,
    save_case,
)
from tests.system import MemorySystem

CASE = CaseContact()


@pytest.fixture
async def system(databases: Databases, settings: Settings) -> AsyncIterator[MemorySystem]:
    async with MemorySystem([SERVICE], databases, settings) as memory_system:
        await memory_system.start()
        yield memory_system


async def deliver(system: MemorySystem, *events: Event, **attributes: str) -> None:
    for number, event in enumerate(events, start=1):
        await system.send(**kafka_record(event, number, **attributes))
    await system.run_until_quiescent()


def of_case(event: type[Event], **fields: Any) -> Event:
    common = {"case_id": CASE.case_id, "programme_id": PROGRAMME, "occurred_on": A_DAY}
    return event.model_validate(common | fields)


def a_tranche(event: type[Event], **fields: Any) -> Event:
    amounts = {Funder.PROVINCE: 14_175_000, Funder.CITY: 14_175_000}
    common = {"number": 1, "fiscal_year": 2024, "due_on": A_DAY, "amounts_krw": amounts}
    return of_case(event, payment_id=uuid4(), **common, **fields)


def a_milestone(event: type[Event], **fields: Any) -> Event:
    return of_case(event, milestone="final", due_on=A_DAY, completes=True, **fields)


A_CONTRIBUTION = of_case(SelfContributionConfirmed, fiscal_year=2024, amount_krw=7_087_500, evidence="doc-1")
EVENTS = [
    of_case(ApplicationScreened, eligible=False, reasons=["매출액 초과"]),
    a_selection(CASE.case_id),
    of_case(CompanyReserved, round_id="r", year=2024, rank=3, score="250/3"),
    of_case(CompanyRejected, round_id="r", year=2024, cause="suspended"),
    an_agreement(CASE.case_id),
    A_CONTRIBUTION,
    a_tranche(TrancheDisbursed, treasury_reference="T-1"),
    a_tranche(TrancheFailed, reason="예금주 불일치"),
    a_milestone(MilestoneDueSoon, days_left=7),
    a_milestone(MilestoneMissed),
    a_milestone(MilestoneAchieved, evidence="doc-2"),
    of_case(CaseAbandoned, stage="before_agreement", reason="경영 사정"),
]


async def test_every_event_with_a_notice_leads_to_a_message_in_both_channels(system: MemorySystem) -> None:
    await save_case(system.databases["notifications"], CASE)

    await deliver(system, a_submission(CASE.case_id, CASE.company_id), *EVENTS)

    messages = {(row["template"], row["channel"]) for row in await rows(system.databases["notifications"])}
    assert messages == {(template, channel) for template in NOTICES for channel in ("email", "sms")}
    assert not await system.rows("notifications", "dead_letter")


async def test_event_delivered_twice_is_enqueued_once(system: MemorySystem) -> None:
    await save_case(system.databases["notifications"], CASE)
    record = kafka_record(a_selection(CASE.case_id))

    await system.send(**record)
    await system.send(**record)
    await system.run_until_quiescent()

    assert await system.count("notifications", "message") == 2


async def test_enqueueing_an_event_again_makes_no_second_message(system: MemorySystem) -> None:
    database, event = system.databases["notifications"], a_selection(CASE.case_id)
    await save_case(database, CASE)
    envelope = an_envelope(event)

    for _ in range(2):
        async with database.transaction() as transaction:
            await messages.enqueue(transaction, event, envelope)

    assert [row["channel"] for row in await rows(database)] == ["email", "sms"]


@pytest.mark.parametrize("missing", ["case", "programme", "company"])
async def test_event_before_its_names_waits_for_them_and_is_enqueued_then(
    system: MemorySystem, missing: str
) -> None:
    names = {
        "programme": a_programme(),
        "company": a_company(CASE.company_id),
        "case": a_submission(CASE.case_id, CASE.company_id),
    }
    late = names.pop(missing)
    async with system.databases["notifications"].transaction() as transaction:
        await recipients.save(transaction, CASE.company_id, CASE.email, None, CASE.language)
    await deliver(system, *names.values())
    await deliver(system, A_CONTRIBUTION)
    assert await system.count("notifications", "message", "template <> 'application_received'") == 0

    await deliver(system, late)

    templates = [row["template"] for row in await rows(system.databases["notifications"])]
    assert sorted(templates) == ["application_received", "self_contribution_confirmed"]
    assert not await system.rows("notifications", "dead_letter")


async def test_older_definition_that_arrives_later_changes_no_name(system: MemorySystem) -> None:
    await deliver(
        system, a_programme(version=2, name_ko="새 이름"), a_programme(version=1, name_ko="옛 이름")
    )

    assert [row["name_ko"] for row in await system.rows("notifications", "programme")] == ["새 이름"]


async def test_event_past_its_deadline_is_not_enqueued_but_its_case_is_saved(system: MemorySystem) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=8)).isoformat()

    await deliver(system, a_submission(CASE.case_id, CASE.company_id), time=long_ago)

    assert await system.count("notifications", "message") == 0
    assert await system.count("notifications", "case") == 1


async def test_past_result_leads_to_no_message(system: MemorySystem) -> None:
    past = {"system": "legacy", "record_id": "1", "company_name_ko": "기업", "municipality": "47150"}

    await deliver(system, of_case(CaseRecorded, **past, year_from=2019, year_to=2019, status="completed"))

    assert await system.count("notifications", "message") == 0


async def test_without_a_contact_messages_fail_and_their_events_are_emitted(system: MemorySystem) -> None:
    await save_case(system.databases["notifications"], CaseContact(CASE.case_id, CASE.company_id, None, None))

    await deliver(system, a_selection(CASE.case_id))

    messages = await rows(system.databases["notifications"])
    assert {(row["state"], row["problem"]) for row in messages} == {("failed", "no_contact")}
    assert await emitted_events(system.databases["notifications"]) == ["failed", "failed"]


async def test_company_with_a_phone_only_gets_no_mail(system: MemorySystem) -> None:
    await save_case(system.databases["notifications"], CaseContact(CASE.case_id, CASE.company_id, email=None))

    await deliver(system, a_selection(CASE.case_id))

    assert [row["channel"] for row in await rows(system.databases["notifications"])] == ["sms"]


async def test_neither_messages_nor_events_hold_an_address(system: MemorySystem) -> None:
    await save_case(system.databases["notifications"], CASE)

    await deliver(system, *EVENTS)

    for table in ("message", "event_log", "inbox", "case", "company"):
        stored = str(await system.rows("notifications", table))
        assert "kim@" not in stored
        assert "12345678" not in stored


async def test_events_of_messages_carry_correlation_and_causation(system: MemorySystem) -> None:
    await save_case(system.databases["notifications"], CaseContact(CASE.case_id, CASE.company_id, None, None))
    record = kafka_record(a_selection(CASE.case_id), correlationid="story-1")

    await system.send(**record)
    await system.run_until_quiescent()

    event_id = dict(record["headers"])["ce_id"].decode()
    for logged in await system.rows("notifications", "event_log"):
        assert logged["attributes"]["correlationid"] == "story-1"
        assert logged["attributes"]["causationid"] == event_id
        assert logged["occurred_on"] >= date(2024, 7, 1)
