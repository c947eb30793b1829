"""Rules of publishing a programme, and of sending out a draft."""

from datetime import date
from typing import Any

import pytest

from services.applications.programmes import domain as programmes
from services.applications.programmes.models import Programme
from shared.errors import RuleBroken
from shared.events.definition import ReviewRule
from tests.unit.applications_builders import CRITERIA, a_definition, a_proposal, a_top_up, refused


def test_each_publication_is_the_next_version() -> None:
    programme = Programme(id="jeonbuk-smart-factory")

    _, first = programmes.publish(programme, a_definition(), date(2024, 2, 1))
    row, second = programmes.publish(programme, a_definition(mentors=30), date(2024, 2, 1))

    assert (first.version, second.version, row.version, second.definition.mentors) == (1, 2, 2, 30)
    assert (row.programme_id, row.published_on) == ("jeonbuk-smart-factory", date(2024, 2, 1))
    assert row.definition == a_definition(mentors=30).model_dump(mode="json")


def test_a_programme_without_a_review_rule_is_published() -> None:
    _, published = programmes.publish(Programme(id="gimcheon-smart-factory"), a_top_up(), date(2019, 1, 1))

    assert published.definition.review is None


def test_a_refusal_lists_unknown_and_repeated_municipalities() -> None:
    with pytest.raises(RuleBroken, match=r"모르는 코드: 88888, 99999, 두 번 적힌 코드: -\."):
        programmes.propose(None, a_proposal("99999", "88888"), date(2022, 12, 12))


def test_a_version_is_not_earlier_than_the_last() -> None:
    programme = Programme(id="jeonbuk-smart-factory", version=1, published_on=date(2024, 2, 1))

    with refused("version_order"):
        programmes.publish(programme, a_definition(), date(2024, 1, 31))

    assert programme.version == 1


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("municipality_unknown", {"municipalities": ["52110", "99999"]}),
        ("municipality_unknown", {"municipalities": ["52110", "52110"]}),
        ("ties_unknown", {"review": ReviewRule(criteria=CRITERIA, ties=["plan", "price"]).model_dump()}),
        ("max_support", {"funders": {"province": 41, "city": 40, "self": 19}}),
    ],
)
def test_an_inconsistent_definition_is_not_published(rule: str, changes: dict[str, Any]) -> None:
    programme = Programme(id="jeonbuk-smart-factory")

    with refused(rule):
        programmes.publish(programme, a_definition(**changes), date(2024, 2, 1))


def test_a_proposal_names_the_municipalities_consulted() -> None:
    draft, proposed = programmes.propose(None, a_proposal("44130", "44150"), date(2022, 12, 12))

    assert proposed.proposal.municipalities[1].code == "44150"
    assert draft.proposal == a_proposal("44130", "44150").model_dump(mode="json")
    assert (draft.programme_id, draft.proposed_on) == ("chungnam-small-firm", date(2022, 12, 12))
    assert (proposed.programme_id, proposed.occurred_on) == (draft.programme_id, draft.proposed_on)


def test_every_draft_has_an_id_of_its_own() -> None:
    drafts = [programmes.propose(None, a_proposal("44130"), date(2022, 12, 12))[0] for _ in range(2)]

    assert len({draft.id for draft in drafts} - {None}) == 2


def test_a_published_programme_is_not_proposed_again() -> None:
    with refused("programme_exists"):
        programmes.propose(Programme(id="chungnam-small-firm"), a_proposal(), date(2022, 12, 12))


def test_a_proposal_names_known_municipalities_once_each() -> None:
    with refused("municipality_unknown"):
        programmes.propose(None, a_proposal("44130", "44130"), date(2022, 12, 12))
