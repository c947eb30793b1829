"""The whole story, chapter by chapter, ready to be played: the same seed gives the same bytes."""

from collections.abc import Set
from dataclasses import asdict, dataclass
from datetime import date

import orjson

from shared.events.definition import Definition, Proposal
from tools.demo import endings, exporters, gimcheon, jeonbuk, jeonbuk_works, openings, past
from tools.demo.applicants import Applicant, applicants
from tools.demo.case_steps import Course
from tools.demo.definitions import Published, load_all
from tools.demo.omissions import Left, definition_without, without
from tools.demo.settings import Settings, load_settings
from tools.demo.smart_factory_cases import Building, buildings
from tools.demo.steps import Chapter, Strand


@dataclass(frozen=True)
class Story:
    """What is played, and the business date on which it ends."""

    business_date: date
    chapters: list[Chapter]

    @property
    def steps(self) -> int:
        return sum(chapter.steps for chapter in self.chapters)

    def as_bytes(self) -> bytes:
        return orjson.dumps([asdict(chapter) for chapter in self.chapters], option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True)
class Cast:
    """What the chapters are made of."""

    settings: Settings
    published: list[Published]
    first: dict[str, Definition]
    applicants: list[Applicant]
    buildings: list[Building]
    gimcheon: list[Course]
    left: Set[Left]


def tell(settings: Settings | None = None, left: Set[Left] = frozenset()) -> Story:
    """The story of scenario.yaml and the programmes' files, without what is left out."""
    settings = settings or load_settings()
    cast = _cast(settings, left)
    return Story(settings.business_date, [*_until_selection(cast), *_after_selection(cast)])


def _cast(settings: Settings, left: Set[Left]) -> Cast:
    published = [_left_out(one, left) for one in load_all()]
    # A programme's rounds and agreements follow its first version.
    first = {
        one.content.programme_id: one.content
        for one in reversed(published)
        if isinstance(one.content, Definition)
    }
    people = applicants(settings.jeonbuk, settings.seed)
    courses = [
        *gimcheon.top_ups(settings.top_up, first[settings.top_up.programme]),
        *exporters.exporters(settings.menu, first[settings.menu.programme], settings.seed),
    ]
    return Cast(settings, published, first, people, buildings(settings, people), courses, left)


def _left_out(one: Published, left: Set[Left]) -> Published:
    if isinstance(one.content, Proposal):
        return one
    return Published(one.file, one.published_on, definition_without(left, one.content))


def _until_selection(cast: Cast) -> list[Chapter]:
    story, first, seed = cast.settings.jeonbuk, cast.first, cast.settings.seed
    applications = jeonbuk.applications(story, cast.applicants, seed)
    return [
        Chapter("사업과 공고", "Programmes and calls", openings.programmes(cast.settings, cast.published)),
        Chapter(
            "예산과 과거 실적",
            "Budgets and past results",
            [*openings.budgets(cast.settings, first, cast.applicants, cast.buildings), *_past(cast)],
        ),
        Chapter("신청", "Applications", [*(one.applies for one in cast.gimcheon), *applications]),
        Chapter(
            "요건검토와 평가",
            "Screening and reviews",
            jeonbuk.reviews(story, first[story.programme], cast.applicants, seed),
        ),
        Chapter("선정", "Selection", [jeonbuk.selection(story), exporters.selection(cast.settings.menu)]),
    ]


def _past(cast: Cast) -> list[Strand]:
    homes = openings.consulted(cast.published)
    events = past.legacy_events(cast.settings, cast.first, homes)
    kept = without(cast.left, Left.LEGACY_COMPANY, [[event] for event in events])
    return past.side_by_side(kept)


def _after_selection(cast: Cast) -> list[Chapter]:
    story, built = cast.settings.jeonbuk, cast.buildings
    definition = cast.first[story.programme]
    visits = jeonbuk_works.visits(story, built, cast.settings.seed)
    return [
        Chapter("포기와 예비 순위", "Give-ups and reserves", jeonbuk.give_ups(story, cast.applicants)),
        Chapter(
            "협약", "Agreements", [*(one.agrees for one in cast.gimcheon), *jeonbuk_works.agreements(built)]
        ),
        # Milestones and visits first: meanwhile the agreements reach the ledger.
        Chapter(
            "이정표와 멘토 방문",
            "Milestones and mentors' visits",
            [
                *(one.builds for one in cast.gimcheon),
                *jeonbuk_works.milestones(built, cast.settings.business_date),
                *without(cast.left, Left.VISIT, visits),
            ],
        ),
        Chapter(
            "자부담과 선금",
            "Own shares and first payments",
            [*(one.is_paid for one in cast.gimcheon), *jeonbuk_works.first_payments(built, definition)],
        ),
        Chapter("잔금", "Final payments", jeonbuk_works.final_payments(story, built)),
        Chapter("공약 진도와 2025년 계획", "Pledge and the 2025 plan", _last(cast)),
        Chapter("기한 확인", "Deadlines", endings.deadlines(cast.settings)),
    ]


def _last(cast: Cast) -> list[Strand]:
    report: list[Strand] = [[gimcheon.pledge_report(cast.settings.pledge)]]
    return [
        *without(cast.left, Left.PLEDGE_REPORT, report),
        *openings.later_versions(cast.published),
        *endings.treasury_has_answered(cast.settings, cast.first, cast.buildings),
    ]
