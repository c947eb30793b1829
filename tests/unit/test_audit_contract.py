"""The auditor's own lists are those of the services and of the published contract: an addition shows up here."""

import json

import pytest

from services.applications.main import SERVICE as APPLICATIONS
from services.funding.main import SERVICE as FUNDING
from services.monitoring.main import SERVICE as MONITORING
from services.notifications.main import SERVICE as NOTIFICATIONS
from shared.events.upcasting import UPCASTERS, Upcaster
from shared.messaging.subscriptions import Subscriptions
from shared.service import Service
from tests.sources import ROOT
from tools.audit import contract

SERVICES = (APPLICATIONS, FUNDING, MONITORING, NOTIFICATIONS)
SCHEMAS = [json.loads(file.read_text(encoding="utf-8")) for file in (ROOT / "docs/events").glob("*.json")]

Types = set[tuple[str, str]]


def types(by_topic: object) -> Types:
    assert isinstance(by_topic, dict)
    return {(topic, type) for topic, types in by_topic.items() for type in types}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_auditor_knows_the_subscriptions_of_each_service(service: Service) -> None:
    handled = {(event.topic, type) for type, event in Subscriptions(service.handlers).types.items()}

    assert types(contract.SUBSCRIPTIONS[service.name]) == handled


def test_the_auditor_knows_the_subscriptions_of_the_projector() -> None:
    events = {event for projection in MONITORING.projections for event in projection.subscribes_to}
    folded = {(event.topic, type) for type, event in Subscriptions(events).types.items()}

    assert types(contract.PROJECTED) == folded


def test_the_auditor_knows_every_service_and_its_consumer_group() -> None:
    assert {service.name for service in SERVICES} == set(contract.SERVICES) == set(contract.SUBSCRIPTIONS)


def test_the_auditor_knows_every_published_event_type_and_its_topic() -> None:
    assert types(contract.EVENTS) == {(schema["x-topic"], schema["$id"]) for schema in SCHEMAS}


def test_the_auditor_knows_the_source_of_each_topic() -> None:
    sources = {schema["x-topic"]: schema["x-source"] for schema in SCHEMAS}

    assert {topic: contract.source_of(topic) for topic in sources} == sources


def test_the_rules_name_published_events_and_their_fields() -> None:
    fields = {schema["$id"]: set(schema["properties"]) for schema in SCHEMAS}
    names = {type.removeprefix(contract.TYPE_PREFIX).rpartition(".v")[0] for type in fields}
    stepped = {f"tranche.{step}" for step in contract.TRANCHE_STEPS} | {
        f"milestone.{step}" for step in contract.MILESTONE_STEPS
    }

    assert {name for _, cause, effect, _ in contract.EFFECTS for name in (cause, effect)} <= names
    assert {step for step in stepped | set(contract.CASE_STEPS) if not step.endswith("begin")} <= names
    for name, key in contract.UNIQUE.items():
        versions = [
            found for type, found in fields.items() if type.startswith(f"{contract.TYPE_PREFIX}{name}.v")
        ]
        assert all(set(key) <= found for found in versions), name


@pytest.mark.parametrize("upcaster", UPCASTERS, ids=lambda upcaster: upcaster.earlier.name)
def test_the_auditor_expects_of_an_earlier_event_what_its_upcaster_makes(upcaster: Upcaster) -> None:
    body = dict.fromkeys(upcaster.earlier.model_fields, "x")

    expected = contract.newest(upcaster.earlier.type(), body)

    assert expected == (upcaster.newer.type(), upcaster.upcast(body))


def test_the_auditor_takes_an_event_of_one_version_as_it_is() -> None:
    body = {"reason": "경영 사정"}

    assert contract.newest("kr.ieum.case.abandoned.v1", body) == ("kr.ieum.case.abandoned.v1", body)
