"""Definition of every figure of a page: title, rule in one sentence, and the query of its contributions."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from re import Match

from services.monitoring.board.fill.companies import municipality_name
from services.monitoring.board.lineage import sources
from services.monitoring.board.lineage.sources import MAX_EVENTS, CaseScope, Contribution, Contributions
from services.monitoring.board.parts.lineage_view import Measure
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.values import Lang, Text
from services.monitoring.figures.domain import ALL, FigureInputs
from services.monitoring.figures.programme import figures
from services.monitoring.projections.money import MoneyKind
from shared.database.engine import Executor
from shared.errors import NotFound
from shared.values.money import PUBLIC, Funder

FindContributions = Callable[[Executor, FigureInputs, int], Awaitable[Contributions]]

PUBLISHED, PROPOSED = "programme.published.v1", "programme.proposed.v1"


@dataclass(frozen=True)
class FigureDefinition:
    """Title, unit, rule and contributions of a figure; `find_contributions` also takes the figure's value."""

    title: Text
    measure: Measure
    rule: Text
    find_contributions: FindContributions
    adds: tuple[str, ...]
    subtracts: tuple[str, ...] = ()
    highlighted_field: str | None = None


def figure_definition(path: str) -> FigureDefinition:
    """Return the definition of the figure at the path; raise NotFound for a path that no page shows."""
    for pattern, define in DEFINITIONS:
        if match := re.fullmatch(pattern, path):
            return define(match)
    raise NotFound(
        "figure_unknown",
        ko=f"{path}은(는) 없는 숫자입니다. 화면의 숫자를 눌러 여세요.",
        en=f"There is no figure {path}. Open it from a page.",
    )


# Money.


def invested(match: Match[str]) -> FigureDefinition:
    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        years = (0, (inputs.required_definition.term_from or 0) - 1)
        return await sources.money_contributions(
            session, inputs, [MoneyKind.PAST], years, funders_of(match["funder"])
        )

    return FigureDefinition(
        funder_title("{funder} 기투자(A)", "{funder}, invested before the term (A)", match["funder"]),
        "won",
        Text(
            "임기 전 회계연도에 적힌 과거 지출을 더합니다.", "Past spending booked in years before the term."
        ),
        find_contributions,
        ("past_spending.booked",),
        highlighted_field=match["funder"],
    )


def total(match: Match[str]) -> FigureDefinition:
    invested_part = invested(match)

    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        past = figures(inputs).get("invested_before_term", {}).get(match["funder"], 0)
        planned = await definition_contribution(session, inputs, value - past)
        return planned + await invested_part.find_contributions(session, inputs, past)

    return replace(
        invested_part,
        title=funder_title("{funder} 총사업비", "{funder}, total", match["funder"]),
        rule=Text(
            "기투자(A)에 사업 정의의 투자계획(B, C)을 더합니다.",
            "What was invested (A) and the plan of the definition (B, C).",
        ),
        find_contributions=find_contributions,
        adds=("past_spending.booked", "programme.published"),
    )


COMMITTED_RULE = Text(
    "그 회계연도의 약정을 더하고 해제를 뺍니다. 자부담은 그해 협약액입니다.",
    "Commitments of the fiscal year, less releases. The company's own share: as agreed in that year.",
)
EXECUTED_RULE = Text(
    "그 회계연도의 지급과 과거 지출을 더합니다. 자부담은 확인된 입금입니다.",
    "Payments and past spending of the fiscal year. The company's own share: as evidenced.",
)


def committed(match: Match[str]) -> FigureDefinition:
    """Define the commitments of a year: of one funder, of the public funders, or of all."""
    year, funder = int(match["year"]), match["funder"]

    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        kinds, years = [MoneyKind.COMMITTED], (year, year)
        public = await sources.money_contributions(session, inputs, kinds, years, funders_of(funder))
        return (
            public + await self_contributions(session, inputs, year)
            if Funder.SELF in funders_of(funder)
            else public
        )

    title = funder_title(f"{year}년 {{funder}} 약정", f"{{funder}}, committed in {year}", funder)
    adds = ("funds.committed", "agreement.signed")
    return FigureDefinition(
        title,
        "won",
        COMMITTED_RULE,
        find_contributions,
        adds,
        ("commitment.released",),
        highlighted_field=funder,
    )


def executed(match: Match[str]) -> FigureDefinition:
    year, funder = int(match["year"]), match["funder"]

    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        kinds = [MoneyKind.PAST, MoneyKind.DISBURSED, MoneyKind.EVIDENCED]
        return await sources.money_contributions(session, inputs, kinds, (year, year), funders_of(funder))

    title = funder_title(f"{year}년 {{funder}} 집행", f"{{funder}}, executed in {year}", funder)
    adds = ("tranche.disbursed", "self_contribution.confirmed", "past_spending.booked")
    return FigureDefinition(title, "won", EXECUTED_RULE, find_contributions, adds, highlighted_field=funder)


async def self_contributions(session: Executor, inputs: FigureInputs, year: int) -> Contributions:
    """Return the self-contributions by the year of their agreement."""
    condition = f"holds_award and is_agreed and c.self_krw > 0 and extract(year from c.agreed_on) = {year}"
    signings = await sources.case_contributions(session, inputs, condition, ["agreement.signed.v1"])
    signed = sum(group.agreed_in.get(year, 0) for group in inputs.case_groups)
    listed = [Contribution(signing.row, signing.row.self_krw) for signing in signings]
    return Contributions(listed, signed if len(listed) > MAX_EVENTS else len(listed))


def funders_of(funder: str) -> set[str]:
    """Return the funders that `all`, `public` or a single funder stands for."""
    if funder == ALL:
        return set(Funder)
    return set(PUBLIC) if funder == "public" else {funder}


# Values of the programme's definition.


async def definition_contribution(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
    """Return the publication of the version in force on the day, which contributes the whole figure."""
    name = PUBLISHED if inputs.definition else PROPOSED
    rows = await sources.timeline_events(session, inputs.programme_id, [name], inputs.as_of)
    in_force = [row for row in rows if row.data.get("version", inputs.version) == inputs.version]
    return complete([Contribution(row, value) for row in in_force[-1:]])


def complete(contributions: list[Contribution]) -> Contributions:
    """Return contributions of which none is left out."""
    return Contributions(contributions, len(contributions))


def definition_figure(title: Text, measure: Measure) -> FigureDefinition:
    """Define a figure that is a value of the programme's definition."""
    return FigureDefinition(
        title,
        measure,
        Text(
            "기준일에 시행 중인 사업 정의에 적힌 값입니다.", "As the definition that holds on the day says."
        ),
        definition_contribution,
        ("programme.published", "programme.proposed"),
    )


def plan(match: Match[str]) -> FigureDefinition:
    period = match["period"]
    ko, en = (
        ("임기내 소계", "within the term")
        if period == "subtotal"
        else (f"{period} 계획", f"plan of {period}")
    )
    return definition_figure(funder_title(f"{{funder}} {ko}", f"{{funder}}, {en}", match["funder"]), "won")


def after(match: Match[str]) -> FigureDefinition:
    return definition_figure(
        funder_title("{funder} 이후(C)", "{funder}, after the term (C)", match["funder"]), "won"
    )


def from_definition(ko: str, en: str, measure: Measure) -> Callable[[Match[str]], FigureDefinition]:
    """Return the factory of such a figure, whose titles are filled from the path."""
    return lambda match: definition_figure(
        Text(ko.format(**match.groupdict()), en.format(**match.groupdict())), measure
    )


# Cases.

SELECTED_EVENTS = ("company.selected.v2", "case.recorded.v1")
COUNTS: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "applied": ("is_applied", ("application.submitted.v1",), "신청", "applied"),
    "selected": ("holds_award", SELECTED_EVENTS, "선정", "selected"),
    "reserved": ("is_waiting", ("company.reserved.v2",), "예비", "on the reserve list"),
    "agreed": ("holds_award and is_agreed", ("agreement.signed.v1",), "협약", "agreed"),
    "abandoned": ("is_relinquished", ("case.abandoned.v1",), "포기", "given up"),
    "completed": (
        "holds_award and is_completed",
        ("milestone.achieved.v1", "case.recorded.v1"),
        "완료",
        "completed",
    ),
    "in_progress": ("holds_award and not is_completed", SELECTED_EVENTS, "진행", "in progress"),
    "about_to_complete": (
        "holds_award and not is_completed and is_due",
        ("milestone.scheduled.v1",),
        "완료 임박",
        "about to complete",
    ),
    "completed_or_about_to": (
        "holds_award and (is_completed or is_due)",
        ("milestone.achieved.v1", "milestone.scheduled.v1"),
        "완료·완료 임박",
        "completed or about to",
    ),
}

LANGUAGES: tuple[Lang, Lang] = ("ko", "en")


def case_counts(match: Match[str]) -> FigureDefinition:
    """Define a count of cases by year, track or municipality; past results count by year only."""
    groups = match.groupdict()
    condition, names, ko, en = COUNTS[groups["count"]]
    if "past_results" not in groups:
        condition = f"({condition}) and c.round_id is not null"
    scope = CaseScope(groups.get("years"), groups.get("track"), groups.get("municipality"))

    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        listed = await sources.case_contributions(session, inputs, condition, names, scope)
        return Contributions(listed, value if len(listed) > MAX_EVENTS else len(listed))

    names_of_scope = [Text(name) for name in (scope.years, scope.track) if name]
    names_of_scope += [municipality_name(scope.municipality)] if scope.municipality else []
    scope_ko, scope_en = (" ".join(name.in_(lang) for name in names_of_scope) for lang in LANGUAGES)
    return FigureDefinition(
        Text(f"{scope_ko} {ko}", f"{scope_en} {en}"),
        "companies",
        Text(
            "기준일에 그 상태인 과제를 한 건씩 셉니다. 포기한 자리는 빼고 승계한 예비는 넣습니다.",
            "Cases in that state on the day, one by one; given-up places do not count, promoted reserves do.",
        ),
        find_contributions,
        tuple(name.rpartition(".v")[0] for name in names),
    )


async def visit_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
    return complete(await sources.first_visits(session, inputs.programme_id, inputs.as_of))


def companies_visited(match: Match[str]) -> FigureDefinition:
    return FigureDefinition(
        Text("멘토가 방문한 기업", "Companies visited by mentors"),
        "companies",
        Text("기업마다 첫 방문 한 건을 셉니다.", "The first visit of each company counts."),
        visit_contributions,
        ("mentor.visited",),
    )


# Pledges and rounds.


def agreements(match: Match[str]) -> FigureDefinition:
    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        rows = await sources.timeline_events(session, inputs.programme_id, ["round.agreed.v1"], inputs.as_of)
        return complete([Contribution(row, 1) for row in rows])

    return FigureDefinition(
        Text("연도별 협약", "Yearly agreements"),
        "times",
        Text(
            "전담기관과 맺은 해당 연도 협약을 한 번으로 셉니다.",
            "Each yearly agreement with the agency counts once.",
        ),
        find_contributions,
        ("round.agreed",),
    )


def stated_progress(match: Match[str]) -> FigureDefinition:
    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        pledge = inputs.required_definition.pledge
        rows = await sources.pledge_reports(session, pledge.id, inputs.as_of) if pledge else []
        return complete([Contribution(row, value) for row in rows[-1:]])

    return FigureDefinition(
        Text("사업이행도(진도율), 부서 보고", "Progress as the office stated it"),
        "percent",
        Text("담당 부서가 보고한 값 그대로입니다.", "As the responsible office stated it."),
        find_contributions,
        ("pledge.progress_reported",),
    )


def quota(match: Match[str]) -> FigureDefinition:
    year, track = int(match["years"]), match.groupdict().get("track")

    async def find_contributions(session: Executor, inputs: FigureInputs, value: int) -> Contributions:
        rows = await sources.timeline_events(session, inputs.programme_id, ["round.opened.v1"], inputs.as_of)
        contributions = [
            Contribution(row, quota_of(row.data["quota"], track)) for row in rows if row.data["year"] == year
        ]
        return complete([contribution for contribution in contributions if contribution.amount])

    return FigureDefinition(
        Text(" ".join(filter(None, [f"{year}년", track, "정원"])), f"Places of {year} {track or ''}".strip()),
        "companies",
        Text("공고에 적힌 자리 수입니다.", "The places of the year's calls."),
        find_contributions,
        ("round.opened",),
    )


def quota_of(quota: dict[str, int], track: str | None) -> int:
    """Return the quota of a track, of all tracks where none is given."""
    return quota.get(track, 0) if track else sum(quota.values())


def funder_title(ko: str, en: str, funder: str) -> Text:
    """Fill the funder's name into a title."""
    korean, english = ("공공", "Public") if funder == "public" else TEXTS[f"funder.{funder}"]
    return Text(ko.format(funder=korean), en.format(funder=english))


FUNDER = r"(?P<funder>all|public|national|province|city|self)"
YEARS, TRACK = r"(?P<years>\d{4}(-\d{4})?)", r"(?P<track>[A-Za-z0-9-]+)"
COUNT = rf"(?P<count>{'|'.join(COUNTS)})"

DEFINITIONS: Sequence[tuple[str, Callable[[Match[str]], FigureDefinition]]] = (
    (rf"total\.{FUNDER}", total),
    (rf"invested_before_term\.{FUNDER}", invested),
    (rf"term_plan\.{FUNDER}\.(?P<period>subtotal|\d{{4}}(H[12])?)", plan),
    (rf"after_term\.{FUNDER}", after),
    (rf"committed\.(?P<year>\d{{4}})\.{FUNDER}", committed),
    (rf"executed\.(?P<year>\d{{4}})\.{FUNDER}", executed),
    (rf"companies\.(?P<past_results>){YEARS}\.{COUNT}", case_counts),
    (rf"tracks\.{TRACK}\.companies\.(?P<past_results>){YEARS}\.{COUNT}", case_counts),
    (rf"rounds\.{YEARS}\.{COUNT}", case_counts),
    (rf"rounds\.{YEARS}\.tracks\.{TRACK}\.{COUNT}", case_counts),
    (rf"municipalities\.rows\.(?P<municipality>\d{{5}})\.{COUNT}", case_counts),
    (rf"rounds\.{YEARS}\.quota", quota),
    (rf"rounds\.{YEARS}\.tracks\.{TRACK}\.quota", quota),
    (
        rf"rounds\.{YEARS}\.planned",
        from_definition("{years}년 계획 기업", "Companies planned for {years}", "companies"),
    ),
    (
        rf"rounds\.{YEARS}\.by_track\.{TRACK}",
        from_definition("{years}년 {track} 계획 기업", "Companies planned for {years}, {track}", "companies"),
    ),
    (
        rf"companies\.{YEARS}\.planned_new",
        from_definition("{years}년 신규 계획 기업", "Companies newly planned in {years}", "companies"),
    ),
    (r"companies_planned", from_definition("목표 기업", "Companies planned", "companies")),
    (r"max_support_ratio", from_definition("공공 지원 한도", "Cap of public support", "percent")),
    (r"municipalities\.count", from_definition("시군", "Cities and counties", "municipalities")),
    (r"mentors\.count", from_definition("멘토", "Mentors", "people")),
    (r"mentors\.companies_visited", companies_visited),
    (r"indicators\.[a-z0-9-]+\.target", from_definition("지표 목표", "Target of the indicator", "times")),
    (r"indicators\.[a-z0-9-]+\.achieved_total", agreements),
    (r"pledge\.progress_percent", stated_progress),
)
