"""Subscriptions: which event types are handled, and which ones are refused."""

from typing import ClassVar

import pytest

from shared.errors import Malformed
from shared.events.applications import AgreementSigned, CompanySelected
from shared.events.external import LegacyCaseRecorded
from shared.messaging.subscriptions import Subscriptions, refuse_wrong_source


@pytest.fixture
def subscriptions() -> Subscriptions:
    return Subscriptions([CompanySelected, LegacyCaseRecorded, AgreementSigned])


def test_topics_of_all_types_are_read_once_each(subscriptions: Subscriptions) -> None:
    assert subscriptions.topics == ["ieum.applications", "ieum.external.legacy"]


def test_type_is_handled_as_its_own_event_and_a_type_without_subscription_as_none(
    subscriptions: Subscriptions,
) -> None:
    assert subscriptions.event_type("kr.ieum.company.selected.v2") is CompanySelected
    assert subscriptions.event_type("kr.ieum.company.rejected.v2") is None
    assert subscriptions.event_type("kr.ieum.vote.v1") is None


def test_an_earlier_version_is_read_as_the_newest(subscriptions: Subscriptions) -> None:
    assert subscriptions.event_type("kr.ieum.company.selected.v1") is CompanySelected
    assert subscriptions.event_type("kr.ieum.company.rejected.v1") is None


@pytest.mark.parametrize("version", ["v0", "v3", "v10"])
def test_another_version_of_a_known_type_is_refused_with_the_one_that_is_known(
    subscriptions: Subscriptions, version: str
) -> None:
    with pytest.raises(Malformed, match=r"kr\.ieum\.company\.selected\.v2"):
        subscriptions.event_type(f"kr.ieum.company.selected.{version}")


class VoteCounted(CompanySelected):
    """An event whose name begins as a version does."""

    name: ClassVar[str] = "vote.counted.v1"


def test_a_v_within_a_name_is_no_version() -> None:
    subscriptions = Subscriptions([VoteCounted])

    assert subscriptions.event_type("kr.ieum.venture.founded.v1") is None


@pytest.mark.parametrize(
    ("source", "topic"),
    [("/external/legacy", "ieum.applications"), ("/services/applications", "ieum.external.legacy")],
)
def test_event_from_another_source_or_topic_is_refused(source: str, topic: str) -> None:
    refuse_wrong_source(CompanySelected, "/services/applications", "ieum.applications")

    with pytest.raises(Malformed, match=r"only /services/applications may send this, to ieum\.applications"):
        refuse_wrong_source(CompanySelected, source, topic)
