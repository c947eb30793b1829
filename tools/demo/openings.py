"""How the story begins: programmes published, calls opened, budgets allocated."""

from collections.abc import Mapping
from datetime import date

from shared.events.definition import Definition, Proposal
from tools.demo import budgets as money
from tools.demo import rounds
from tools.demo.actors import CHUNGNAM, GIMCHEON, JEONBUK, Office
from tools.demo.applicants import Applicant
from tools.demo.definitions import Published
from tools.demo.settings import Settings
from tools.demo.smart_factory_cases import Building
from tools.demo.steps import Call, Step, Strand

OFFICES: Mapping[str, Office] = {"47150": GIMCHEON, "52": JEONBUK, "44": CHUNGNAM}


def programmes(settings: Settings, published: list[Published]) -> list[Strand]:
    """Each first version with its call; a proposal stands alone."""
    calls = _calls(settings)
    return [
        [publish(one), *calls.get(one.content.programme_id, [])]
        for one in published
        if one not in _later(published)
    ]


def later_versions(published: list[Published]) -> list[Strand]:
    return [[publish(one)] for one in _later(published)]


def _later(published: list[Published]) -> list[Published]:
    ids = [one.content.programme_id for one in published]
    return [one for index, one in enumerate(published) if one.content.programme_id in ids[:index]]


def publish(one: Published) -> Call:
    content, on = one.content, one.published_on.isoformat()
    kind, path = ("proposal", "/proposals") if isinstance(content, Proposal) else ("definition", "")
    return Call(
        f"{content.programme_id}/publish/{on}",
        "applications",
        f"/programmes{path}",
        OFFICES[content.region].officer,
        {kind: content.model_dump(mode="json"), "occurred_on": on},
    )


def _calls(settings: Settings) -> dict[str, list[Call]]:
    top_up, menu, jeonbuk = settings.top_up, settings.menu, settings.jeonbuk
    places = {track: of.places for track, of in jeonbuk.tracks.items()}
    return {
        top_up.programme: rounds.open_round(top_up.programme, top_up.round, {}, GIMCHEON),
        menu.programme: rounds.open_round(menu.programme, menu.round, {menu.track: menu.companies}, GIMCHEON),
        jeonbuk.programme: rounds.open_round(jeonbuk.programme, jeonbuk.round, places, JEONBUK),
    }


def consulted(published: list[Published]) -> list[str]:
    """The municipalities that the proposal asks: the old records' companies are spread over them."""
    return [
        one.code
        for each in published
        if isinstance(each.content, Proposal)
        for one in each.content.municipalities
    ]


def budgets(
    settings: Settings, first: Mapping[str, Definition], applicants: list[Applicant], built: list[Building]
) -> list[Strand]:
    """Gimcheon's as planned for 2022; Jeonbuk's plan has no years, so what its agreements need."""
    steps: list[Step] = []
    for programme in (settings.top_up.programme, settings.menu.programme):
        needs = money.planned(first[programme], 2022)
        steps += money.allocations(programme, needs, GIMCHEON, date(2022, 1, 4))
    story = settings.jeonbuk
    needs = money.needed(first[story.programme], _agreements(settings, applicants, built))
    steps += money.allocations(story.programme, needs, JEONBUK, date(2024, 2, 1))
    return [[step] for step in steps]


def _agreements(
    settings: Settings, applicants: list[Applicant], built: list[Building]
) -> list[tuple[date, int, str]]:
    """Those that stand, and those that were given up after they had been signed."""
    stand = [(one.agreed_on, one.total_krw, one.case.company.municipality) for one in built]
    gone = [
        (leaver.agreed_on, one.total_krw, one.company.municipality)
        for leaver in settings.jeonbuk.give_ups
        for one in applicants
        if leaver.agreed_on is not None and (one.track, one.rank) == (leaver.track, leaver.rank)
    ]
    return stand + gone
