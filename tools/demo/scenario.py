"""The whole scenario, ready to be played in date order: one seed always gives the same bytes."""

from collections.abc import Iterator, Set
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import cached_property

import orjson

from shared.events.definition import Definition, Proposal
from tools.demo import (
    exporters,
    final_steps,
    gimcheon,
    initial_steps,
    jeonbuk,
    jeonbuk_follow_up,
    past_results,
)
from tools.demo.applicants import Applicant, applicants
from tools.demo.case_steps import CaseSteps
from tools.demo.days import Day, days
from tools.demo.definitions import Publication, load_all
from tools.demo.omissions import Omission, without_first, without_plan_cell
from tools.demo.settings import Settings, load_settings
from tools.demo.smart_factory_cases import SmartFactoryCase, smart_factory_cases
from tools.demo.steps import Lane, Phase


@dataclass(frozen=True)
class Scenario:
    """The steps to play, by phase and in date order, and the business date on which they end."""

    business_date: date
    phases: list[Phase]

    @cached_property
    def days(self) -> list[Day]:
        return days(self.phases)

    @property
    def starts_at(self) -> datetime:
        """The moment at which the business clock starts."""
        return self.days[0].begins_at

    @property
    def steps(self) -> int:
        return sum(phase.steps for phase in self.phases)

    def as_bytes(self) -> bytes:
        return orjson.dumps([asdict(phase) for phase in self.phases], option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True)
class Inputs:
    """Settings, publications, applicants and cases that the phases are built from."""

    settings: Settings
    publications: list[Publication]
    first_versions: dict[str, Definition]
    applicants: list[Applicant]
    smart_factory_cases: list[SmartFactoryCase]
    gimcheon_cases: list[CaseSteps]
    omissions: Set[Omission]


def build_scenario(settings: Settings | None = None, omissions: Set[Omission] = frozenset()) -> Scenario:
    """Build the scenario of scenario.yaml and the programmes' files, without the omissions."""
    settings = settings or load_settings()
    inputs = _load_inputs(settings, omissions)
    return Scenario(settings.business_date, [*_until_selection(inputs), *_after_selection(inputs)])


def _load_inputs(settings: Settings, omissions: Set[Omission]) -> Inputs:
    publications = [_with_omissions(publication, omissions) for publication in load_all()]
    # A programme's rounds and agreements follow its first version.
    first_versions = {
        publication.content.programme_id: publication.content
        for publication in reversed(publications)
        if isinstance(publication.content, Definition)
    }
    applied = applicants(settings.jeonbuk, settings.seed)
    cases = [
        *gimcheon.top_ups(settings.top_up, first_versions[settings.top_up.programme]),
        *exporters.exporters(settings.menu, first_versions[settings.menu.programme], settings.seed),
    ]
    return Inputs(
        settings,
        publications,
        first_versions,
        applied,
        smart_factory_cases(settings, applied),
        cases,
        omissions,
    )


def _with_omissions(publication: Publication, omissions: Set[Omission]) -> Publication:
    if isinstance(publication.content, Proposal):
        return publication
    return replace(publication, content=without_plan_cell(omissions, publication.content))


def _until_selection(inputs: Inputs) -> list[Phase]:
    settings, seed = inputs.settings, inputs.settings.seed
    definition = inputs.first_versions[settings.jeonbuk.programme]
    allocations = initial_steps.allocations(
        settings, inputs.first_versions, inputs.applicants, inputs.smart_factory_cases
    )
    applications = jeonbuk.applications(settings.jeonbuk, inputs.applicants, seed)
    return [
        Phase(
            "사업과 공고", "Programmes", initial_steps.publications_and_rounds(settings, inputs.publications)
        ),
        Phase("예산과 과거 실적", "Budgets", [*allocations, *_past_results(inputs)]),
        Phase("신청", "Applications", [*(case.application for case in inputs.gimcheon_cases), *applications]),
        Phase(
            "요건검토와 평가",
            "Reviews",
            jeonbuk.reviews(settings.jeonbuk, definition, inputs.applicants, seed),
        ),
        Phase("선정", "Selection", [jeonbuk.selection(settings.jeonbuk), exporters.selection(settings.menu)]),
    ]


def _past_results(inputs: Inputs) -> list[Lane]:
    published_on = {row.content.programme_id: row.published_on for row in reversed(inputs.publications)}
    municipalities = initial_steps.consulted_municipalities(inputs.publications)
    events = past_results.legacy_events(inputs.settings, inputs.first_versions, published_on, municipalities)
    lanes = without_first(inputs.omissions, Omission.LEGACY_COMPANY, [[event] for event in events])
    return past_results.in_lanes(lanes)


def _after_selection(inputs: Inputs) -> list[Phase]:
    settings, cases = inputs.settings, inputs.smart_factory_cases
    abandonments = jeonbuk.abandonments(settings.jeonbuk, inputs.applicants)
    deadlines = final_steps.deadlines(settings, inputs.first_versions, cases)
    return [
        Phase("포기", "Abandonments", abandonments),
        Phase("협약과 지급", "Payments", [*_gimcheon_cases(inputs), *_jeonbuk_cases(inputs)]),
        Phase("공약과 계획", "Pledge and plan", _pledge_and_later_versions(inputs)),
        Phase("기한", "Deadlines", deadlines),
    ]


def _gimcheon_cases(inputs: Inputs) -> Iterator[Lane]:
    for case in inputs.gimcheon_cases:
        yield from (case.agreement, case.milestones, case.payments)


def _jeonbuk_cases(inputs: Inputs) -> list[Lane]:
    settings, cases = inputs.settings, inputs.smart_factory_cases
    definition = inputs.first_versions[settings.jeonbuk.programme]
    visits = jeonbuk_follow_up.visits(settings.jeonbuk, cases, settings.seed)
    return [
        *jeonbuk_follow_up.agreements(cases),
        *jeonbuk_follow_up.milestones(cases, settings.business_date),
        *without_first(inputs.omissions, Omission.VISIT, visits),
        *jeonbuk_follow_up.first_payments(cases, definition),
        *jeonbuk_follow_up.final_payments(settings.jeonbuk, cases),
    ]


def _pledge_and_later_versions(inputs: Inputs) -> list[Lane]:
    report: list[Lane] = [[gimcheon.pledge_report(inputs.settings.pledge)]]
    return [
        *without_first(inputs.omissions, Omission.PLEDGE_REPORT, report),
        *initial_steps.later_versions(inputs.publications),
    ]
