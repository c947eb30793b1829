"""For every figure of a page: its name, how it is folded in one sentence, and where its events come from."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from re import Match
from typing import Literal

from services.monitoring.board.fill.companies import place
from services.monitoring.board.lineage import sources
from services.monitoring.board.lineage.sources import MOST, Contribution, Found, Where
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.values import Lang, Text
from services.monitoring.figures.domain import ALL, Facts
from services.monitoring.figures.programme import figures
from services.monitoring.projections.money import Kind
from shared.database.engine import Executor
from shared.errors import NotFound
from shared.values.money import PUBLIC, Funder

Measure = Literal["won", "companies", "times", "percent", "people", "municipalities"]
Find = Callable[[Executor, Facts, int], Awaitable[Found]]

PUBLISHED, PROPOSED = "programme.published.v1", "programme.proposed.v1"


@dataclass(frozen=True)
class Origin:
    """A figure's name, rule and events; `find` is told the figure's value too."""

    title: Text
    measure: Measure
    rule: Text
    find: Find
    adds: tuple[str, ...]
    subtracts: tuple[str, ...] = ()
    marked: str | None = None


def origin(path: str) -> Origin:
    """Raises NotFound for a path that no page shows."""
    for pattern, rule in RULES:
        if found := re.fullmatch(pattern, path):
            return rule(found)
    raise NotFound(
        "figure_unknown",
        ko=f"{path}은(는) 없는 숫자입니다. 화면의 숫자를 눌러 여세요.",
        en=f"There is no figure {path}. Open it from a page.",
    )


# Money.


def invested(found: Match[str]) -> Origin:
    async def find(session: Executor, facts: Facts, value: int) -> Found:
        years = (0, (facts.defined.term_from or 0) - 1)
        return await sources.of_money(session, facts, [Kind.PAST], years, meant(found["funder"]))

    return Origin(
        named("{funder} 기투자(A)", "{funder}, invested before the term (A)", found["funder"]),
        "won",
        Text(
            "임기 전 회계연도에 적힌 과거 지출을 더합니다.", "Past spending booked in years before the term."
        ),
        find,
        ("past_spending.booked",),
        marked=found["funder"],
    )


def total(found: Match[str]) -> Origin:
    before = invested(found)

    async def find(session: Executor, facts: Facts, value: int) -> Found:
        past = figures(facts).get("invested_before_term", {}).get(found["funder"], 0)
        planned = await by_definition(session, facts, value - past)
        return planned + await before.find(session, facts, past)

    return replace(
        before,
        title=named("{funder} 총사업비", "{funder}, total", found["funder"]),
        rule=Text(
            "기투자(A)에 사업 정의의 투자계획(B, C)을 더합니다.",
            "What was invested (A) and the plan of the definition (B, C).",
        ),
        find=find,
        adds=("past_spending.booked", "programme.published"),
    )


COMMITTED_OF = Text(
    "그 회계연도의 약정을 더하고 해제를 뺍니다. 자부담은 그해 협약액입니다.",
    "Commitments of the fiscal year, less releases. The company's own share: as agreed in that year.",
)
EXECUTED_OF = Text(
    "그 회계연도의 지급과 과거 지출을 더합니다. 자부담은 확인된 입금입니다.",
    "Payments and past spending of the fiscal year. The company's own share: as evidenced.",
)


def committed(found: Match[str]) -> Origin:
    """Of a year: of a funder, of all public money, or of all."""
    year, funder = int(found["year"]), found["funder"]

    async def find(session: Executor, facts: Facts, value: int) -> Found:
        kinds, years = [Kind.COMMITTED], (year, year)
        public = await sources.of_money(session, facts, kinds, years, meant(funder))
        return public + await own_shares(session, facts, year) if Funder.SELF in meant(funder) else public

    title = named(f"{year}년 {{funder}} 약정", f"{{funder}}, committed in {year}", funder)
    adds = ("funds.committed", "agreement.signed")
    return Origin(title, "won", COMMITTED_OF, find, adds, ("commitment.released",), marked=funder)


def executed(found: Match[str]) -> Origin:
    year, funder = int(found["year"]), found["funder"]

    async def find(session: Executor, facts: Facts, value: int) -> Found:
        kinds = [Kind.PAST, Kind.DISBURSED, Kind.EVIDENCED]
        return await sources.of_money(session, facts, kinds, (year, year), meant(funder))

    title = named(f"{year}년 {{funder}} 집행", f"{{funder}}, executed in {year}", funder)
    adds = ("tranche.disbursed", "self_contribution.confirmed", "past_spending.booked")
    return Origin(title, "won", EXECUTED_OF, find, adds, marked=funder)


async def own_shares(session: Executor, facts: Facts, year: int) -> Found:
    """The companies' own shares by the year of their agreement."""
    condition = f"is_held and is_agreed and c.self_krw > 0 and extract(year from c.agreed_on) = {year}"
    found = await sources.of_cases(session, facts, condition, ["agreement.signed.v1"])
    signed = sum(group.agreed_in.get(year, 0) for group in facts.cases)
    parts = [Contribution(one.row, one.row.self_krw) for one in found]
    return Found(parts, signed if len(parts) > MOST else len(parts))


def meant(funder: str) -> set[str]:
    """Whose money a word means."""
    if funder == ALL:
        return set(Funder)
    return set(PUBLIC) if funder == "public" else {funder}


# What the definition says.


async def by_definition(session: Executor, facts: Facts, value: int) -> Found:
    """The one event of the version that holds on the day, which gives the whole figure."""
    name = PUBLISHED if facts.definition else PROPOSED
    found = await sources.events(session, facts.programme_id, [name], facts.as_of)
    holding = [row for row in found if row.data.get("version", facts.version) == facts.version]
    return all_of([Contribution(row, value) for row in holding[-1:]])


def all_of(parts: list[Contribution]) -> Found:
    return Found(parts, len(parts))


def defined(title: Text, measure: Measure) -> Origin:
    return Origin(
        title,
        measure,
        Text(
            "기준일에 시행 중인 사업 정의에 적힌 값입니다.", "As the definition that holds on the day says."
        ),
        by_definition,
        ("programme.published", "programme.proposed"),
    )


def plan(found: Match[str]) -> Origin:
    period = found["period"]
    ko, en = (
        ("임기내 소계", "within the term")
        if period == "subtotal"
        else (f"{period} 계획", f"plan of {period}")
    )
    return defined(named(f"{{funder}} {ko}", f"{{funder}}, {en}", found["funder"]), "won")


def after(found: Match[str]) -> Origin:
    return defined(named("{funder} 이후(C)", "{funder}, after the term (C)", found["funder"]), "won")


def said(ko: str, en: str, measure: Measure) -> Callable[[Match[str]], Origin]:
    return lambda found: defined(
        Text(ko.format(**found.groupdict()), en.format(**found.groupdict())), measure
    )


# Cases.

HELD = ("company.selected.v1", "case.recorded.v1")
COUNTS: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "applied": ("is_applied", ("application.submitted.v1",), "신청", "applied"),
    "selected": ("is_held", HELD, "선정", "selected"),
    "reserved": ("is_waiting", ("company.reserved.v1",), "예비", "on the reserve list"),
    "agreed": ("is_held and is_agreed", ("agreement.signed.v1",), "협약", "agreed"),
    "abandoned": ("is_lost", ("case.abandoned.v1",), "포기", "given up"),
    "completed": (
        "is_held and is_completed",
        ("milestone.achieved.v1", "case.recorded.v1"),
        "완료",
        "completed",
    ),
    "in_progress": ("is_held and not is_completed", HELD, "진행", "in progress"),
    "about_to_complete": (
        "is_held and not is_completed and is_due",
        ("milestone.scheduled.v1",),
        "완료 임박",
        "about to complete",
    ),
    "completed_or_about_to": (
        "is_held and (is_completed or is_due)",
        ("milestone.achieved.v1", "milestone.scheduled.v1"),
        "완료·완료 임박",
        "completed or about to",
    ),
}


LANGUAGES: tuple[Lang, Lang] = ("ko", "en")


def of_cases(found: Match[str]) -> Origin:
    """Companies of a year, a track or a municipality; records of other systems only where years are counted."""
    given = found.groupdict()
    condition, names, ko, en = COUNTS[given["count"]]
    if "records" not in given:
        condition = f"({condition}) and c.round_id is not null"
    where = Where(given.get("years"), given.get("track"), given.get("municipality"))

    async def find(session: Executor, facts: Facts, value: int) -> Found:
        parts = await sources.of_cases(session, facts, condition, names, where)
        return Found(parts, value if len(parts) > MOST else len(parts))

    words = [Text(word) for word in (where.years, where.track) if word]
    words += [place(where.municipality)] if where.municipality else []
    said_ko, said_en = (" ".join(word.in_(lang) for word in words) for lang in LANGUAGES)
    return Origin(
        Text(f"{said_ko} {ko}", f"{said_en} {en}"),
        "companies",
        Text(
            "기준일에 그 상태인 과제를 한 건씩 셉니다. 포기한 자리는 빼고 승계한 예비는 넣습니다.",
            "Cases in that state on the day, one by one; given-up places do not count, promoted reserves do.",
        ),
        find,
        tuple(name.removesuffix(".v1") for name in names),
    )


async def visits(session: Executor, facts: Facts, value: int) -> Found:
    return all_of(await sources.first_visits(session, facts.programme_id, facts.as_of))


def visited(found: Match[str]) -> Origin:
    return Origin(
        Text("멘토가 방문한 기업", "Companies visited by mentors"),
        "companies",
        Text("기업마다 첫 방문 한 건을 셉니다.", "The first visit of each company counts."),
        visits,
        ("mentor.visited",),
    )


# Pledges and rounds.


def agreements(found: Match[str]) -> Origin:
    async def find(session: Executor, facts: Facts, value: int) -> Found:
        rows = await sources.events(session, facts.programme_id, ["round.agreed.v1"], facts.as_of)
        return all_of([Contribution(row, 1) for row in rows])

    return Origin(
        Text("연도별 협약", "Yearly agreements"),
        "times",
        Text(
            "전담기관과 맺은 해당 연도 협약을 한 번으로 셉니다.",
            "Each yearly agreement with the agency counts once.",
        ),
        find,
        ("round.agreed",),
    )


def stated(found: Match[str]) -> Origin:
    async def find(session: Executor, facts: Facts, value: int) -> Found:
        promised = facts.defined.pledge
        rows = await sources.pledge_reports(session, promised.id, facts.as_of) if promised else []
        return all_of([Contribution(row, value) for row in rows[-1:]])

    return Origin(
        Text("사업이행도(진도율), 부서 보고", "Progress as the office stated it"),
        "percent",
        Text("담당 부서가 보고한 값 그대로입니다.", "As the responsible office stated it."),
        find,
        ("pledge.progress_reported",),
    )


def quota(found: Match[str]) -> Origin:
    year, track = int(found["years"]), found.groupdict().get("track")

    async def find(session: Executor, facts: Facts, value: int) -> Found:
        rows = await sources.events(session, facts.programme_id, ["round.opened.v1"], facts.as_of)
        parts = [
            Contribution(row, places(row.data["quota"], track)) for row in rows if row.data["year"] == year
        ]
        return all_of([one for one in parts if one.amount])

    return Origin(
        Text(" ".join(filter(None, [f"{year}년", track, "정원"])), f"Places of {year} {track or ''}".strip()),
        "companies",
        Text("공고에 적힌 자리 수입니다.", "The places of the year's calls."),
        find,
        ("round.opened",),
    )


def places(given: dict[str, int], track: str | None) -> int:
    return given.get(track, 0) if track else sum(given.values())


def named(ko: str, en: str, funder: str) -> Text:
    korean, english = ("공공", "Public") if funder == "public" else TEXTS[f"funder.{funder}"]
    return Text(ko.format(funder=korean), en.format(funder=english))


FUNDER = r"(?P<funder>all|public|national|province|city|self)"
YEARS, TRACK = r"(?P<years>\d{4}(-\d{4})?)", r"(?P<track>[A-Za-z0-9-]+)"
COUNT = rf"(?P<count>{'|'.join(COUNTS)})"

RULES: Sequence[tuple[str, Callable[[Match[str]], Origin]]] = (
    (rf"total\.{FUNDER}", total),
    (rf"invested_before_term\.{FUNDER}", invested),
    (rf"term_plan\.{FUNDER}\.(?P<period>subtotal|\d{{4}}(H[12])?)", plan),
    (rf"after_term\.{FUNDER}", after),
    (rf"committed\.(?P<year>\d{{4}})\.{FUNDER}", committed),
    (rf"executed\.(?P<year>\d{{4}})\.{FUNDER}", executed),
    (rf"companies\.(?P<records>){YEARS}\.{COUNT}", of_cases),
    (rf"tracks\.{TRACK}\.companies\.(?P<records>){YEARS}\.{COUNT}", of_cases),
    (rf"rounds\.{YEARS}\.{COUNT}", of_cases),
    (rf"rounds\.{YEARS}\.tracks\.{TRACK}\.{COUNT}", of_cases),
    (rf"municipalities\.rows\.(?P<municipality>\d{{5}})\.{COUNT}", of_cases),
    (rf"rounds\.{YEARS}\.quota", quota),
    (rf"rounds\.{YEARS}\.tracks\.{TRACK}\.quota", quota),
    (rf"rounds\.{YEARS}\.planned", said("{years}년 계획 기업", "Companies planned for {years}", "companies")),
    (
        rf"rounds\.{YEARS}\.by_track\.{TRACK}",
        said("{years}년 {track} 계획 기업", "Companies planned for {years}, {track}", "companies"),
    ),
    (
        rf"companies\.{YEARS}\.planned_new",
        said("{years}년 신규 계획 기업", "Companies newly planned in {years}", "companies"),
    ),
    (r"companies_planned", said("목표 기업", "Companies planned", "companies")),
    (r"max_support_ratio", said("공공 지원 한도", "Cap of public support", "percent")),
    (r"municipalities\.count", said("시군", "Cities and counties", "municipalities")),
    (r"mentors\.count", said("멘토", "Mentors", "people")),
    (r"mentors\.companies_visited", visited),
    (r"indicators\.[a-z0-9-]+\.target", said("지표 목표", "Target of the indicator", "times")),
    (r"indicators\.[a-z0-9-]+\.achieved_total", agreements),
    (r"pledge\.progress_percent", stated),
)
