"""Definition of a programme: funders and ratios, plan, and rules, as published in programme.published.

A programme is data: its funders, plan, tracks, tranches, milestones and indicators are in its definition, not in code.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.values.money import Funder, Krw, split

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
TrackId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", max_length=40)]
Period = Annotated[str, StringConstraints(pattern=r"^(\d{4}(H[12])?|after|unsplit)$")]
Count = Annotated[int, Field(ge=0, strict=True)]
UNSPLIT: Literal["unsplit"] = "unsplit"

BusinessState = Literal["suspended", "closed"]
"""State of a company that is not in business, from the business registry: 휴업, 폐업."""


class FrozenModel(BaseModel):
    """Base of a definition's parts: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ratio(FrozenModel):
    """An exact ratio, such as 4/5."""

    numerator: Count
    denominator: Annotated[int, Field(gt=0)]

    @property
    def text(self) -> str:
        return f"{self.numerator}/{self.denominator}"


class PlanCell(FrozenModel):
    """Planned won of one funder in one period: a year, a half-year such as 2026H1, `after` the term, or `unsplit`,
    where a document has only a total."""

    period: Period
    funder: Funder | Literal["unsplit"]
    amount_krw: Krw


class PlannedCompanies(FrozenModel):
    """Planned number of companies: in all (no year), in a year, in a track; `newly` counts those not begun before."""

    year: int | None = None
    track: TrackId | None = None
    newly: bool = False
    count: Count


class Track(FrozenModel):
    """A kind of support (트랙), with the largest grant per company (won)."""

    id: TrackId
    name_ko: str
    name_en: str
    means_ko: str = ""
    cap_krw: Krw | None = None


class TrancheRule(FrozenModel):
    """Tranche `number` pays `part` of the sum of all parts, once its milestone is achieved."""

    number: Annotated[int, Field(ge=1)]
    name_ko: str
    name_en: str
    part: Annotated[int, Field(ge=1)]
    milestone: Code


class MilestoneRule(FrozenModel):
    """A milestone, due some months and days after the agreement; the one that `completes` completes the case."""

    key: Code
    name_ko: str
    name_en: str
    after_months: Count = 0
    after_days: Count = 0
    completes: bool = False


class Indicator(FrozenModel):
    """A measure of the programme; `counts` names the event that is counted."""

    id: Code
    name_ko: str
    name_en: str
    unit: str
    counts: Literal["round.agreed"]
    target: Count
    yearly: dict[int, Count]


class Pledge(FrozenModel):
    """The public promise (공약) that this programme belongs to."""

    id: Code
    name_ko: str
    name_en: str
    owner_ko: str
    owner_en: str


class Risk(FrozenModel):
    """A risk of the programme and its answer."""

    problem_ko: str
    answer_ko: str


class ReviewRule(FrozenModel):
    """At least `least` reviews, never fewer than three, must remain without a conflict of interest."""

    least: Annotated[int, Field(ge=3)] = 3
    criteria: dict[Code, Annotated[int, Field(gt=0)]]
    ties: list[Code] = []


class ProgrammeNames(FrozenModel):
    """Names of a programme and of its office: known before the programme exists."""

    programme_id: Code
    name_ko: str
    name_en: str
    short_ko: str
    short_en: str
    office_ko: str
    office_en: str


class Definition(ProgrammeNames):
    """One version of a programme's definition. A programme that only has past results (`history`) has no funders.

    Raises ValueError, in Korean and English, where the rules contradict each other.
    """

    region: Annotated[str, StringConstraints(pattern=r"^\d{2}(\d{3})?$")]
    first_year: int
    last_year: int
    term_from: int | None = None
    entry: Literal["application", "top_up", "history"]
    funders: dict[Funder, Annotated[int, Field(ge=1)]] = {}
    remainder_to: Funder | None = None
    rounding_unit_krw: Annotated[int, Field(ge=1)] = 1
    plan: list[PlanCell] = []
    planned_companies: list[PlannedCompanies] = []
    max_support: Ratio | None = None
    municipalities: list[str] = []
    mentors: Count = 0
    tracks: list[Track] = []
    tranches: list[TrancheRule] = []
    milestones: list[MilestoneRule] = []
    indicators: list[Indicator] = []
    review: ReviewRule | None = None
    pledge: Pledge | None = None
    risks: list[Risk] = []

    @model_validator(mode="after")
    def check(self) -> "Definition":
        if problems := list(self._problems()):
            raise ValueError(in_both_languages(problems))
        return self

    def _problems(self) -> Iterable[str]:
        yield from self._money_problems()
        keys = {rule.key for rule in self.milestones}
        yield from (
            f"tranches[{rule.number}].milestone: 이정표 {rule.milestone}이(가) milestones에 없습니다 / no such milestone"
            for rule in self.tranches
            if rule.milestone not in keys
        )
        if self.milestones and sum(rule.completes for rule in self.milestones) != 1:
            yield "milestones: completes는 하나여야 합니다 / exactly one milestone completes"
        if [rule.number for rule in self.tranches] != list(range(1, len(self.tranches) + 1)):
            yield "tranches: 회차는 1부터 차례로 적습니다 / tranches are numbered from 1"
        if self.last_year < self.first_year:
            yield "last_year: first_year보다 앞섭니다 / before first_year"
        known = {track.id for track in self.tracks}
        yield from (
            f"planned_companies.track: {row.track} 트랙이 없습니다 / no such track"
            for row in self.planned_companies
            if row.track is not None and row.track not in known
        )

    def _money_problems(self) -> Iterable[str]:
        if self.funders and self.remainder_to not in self.funders:
            yield "remainder_to: 나머지를 맡을 재원을 funders에서 고르세요 / must be one of the funders"
        if self.entry == "history" and self.funders:
            yield "funders: 과거 실적만 있는 사업에는 재원이 없습니다 / a programme of history has no funders"
        cells = [(cell.period, cell.funder) for cell in self.plan]
        if len(cells) != len(set(cells)):
            yield "plan: 같은 기간과 재원이 두 번 있습니다 / a period and funder stand twice"
        yield from self._ratio_problems()

    def _ratio_problems(self) -> Iterable[str]:
        """Yield the periods with amounts of all funders whose amounts do not follow the ratios to the won."""
        if not self.funders or self.remainder_to is None:
            return
        for period, planned in self.plan_by_period().items():
            if set(planned) != set(self.funders):
                continue
            shares = split(sum(planned.values()), self.funders, self.remainder_to, self.rounding_unit_krw)
            if shares != planned:
                yield (
                    f"plan[{period}]: 재원별 금액이 비율과 다릅니다. 비율대로면 {_text(shares)} "
                    f"/ the amounts do not follow the ratios"
                )

    def plan_by_period(self) -> dict[str, dict[Funder, int]]:
        """Return planned won by period and funder, of the cells whose funder is known."""
        periods: dict[str, dict[Funder, int]] = {}
        for cell in self.plan:
            if cell.funder != UNSPLIT:
                periods.setdefault(cell.period, {})[Funder(cell.funder)] = cell.amount_krw
        return periods

    def milestone(self, key: str) -> MilestoneRule:
        """Return the rule of a milestone of this definition."""
        return next(rule for rule in self.milestones if rule.key == key)

    def split(self, total_krw: int) -> dict[Funder, int]:
        """Return the exact shares (won) of a total under the ratios. Raises ValueError without funders."""
        if self.remainder_to is None:
            raise ValueError(f"{self.programme_id} has no funders")
        return split(total_krw, self.funders, self.remainder_to, self.rounding_unit_krw)


def in_both_languages(problems: Iterable[str]) -> str:
    """Join problems of the form `field: Korean / English` to `all in Korean / all in English`, each with its field."""
    parts = [problem.partition(" / ") for problem in problems]
    in_english = (f"{korean.partition(':')[0]}: {english}" for korean, _, english in parts)
    return f"{' · '.join(korean for korean, _, _ in parts)} / {' · '.join(in_english)}"


def _text(shares: dict[Funder, int]) -> str:
    return ", ".join(f"{funder} {amount:,}원" for funder, amount in shares.items())


class Consulted(FrozenModel):
    """A municipality consulted about a proposal, and the amount (won) that it would pay, if known."""

    code: str
    would_pay_krw: Krw | None = None


class Proposal(ProgrammeNames):
    """A programme's draft for consultation, before the programme exists."""

    region: str
    year: int
    funders: list[Funder]
    executing_agency_ko: str
    reason_ko: str
    municipalities: list[Consulted]
    answer_by: date | None = None
