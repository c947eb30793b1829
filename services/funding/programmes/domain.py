"""What a programme's definition says about money. No database, broker or clock."""

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from shared.errors import RuleBroken
from shared.events.definition import Definition, Ratio, TrancheRule
from shared.values.calendar import add_months
from shared.values.money import Funder


class TrancheTerm(BaseModel):
    """Instalment `number` pays `part` of all parts; due so long after the agreement."""

    model_config = ConfigDict(frozen=True)

    number: int
    part: int
    milestone: str
    after_months: int
    after_days: int

    def due_on(self, agreed_on: date) -> date:
        return add_months(agreed_on, self.after_months) + timedelta(days=self.after_days)


class Terms(BaseModel):
    """One version's funders, cap, municipalities that pay for themselves, and tranche scheme."""

    model_config = ConfigDict(frozen=True)

    funders: list[Funder]
    max_support: Ratio | None
    municipalities: list[str]
    tranches: list[TrancheTerm]

    def city_account(self, municipality: str) -> str:
        """Whose account holds the city's share: a municipality's, or '' where one city pays alone."""
        if not self.municipalities:
            return ""
        if municipality not in self.municipalities:
            raise RuleBroken(
                "municipality_outside_programme",
                ko=f"시군 {municipality}은(는) 이 사업에 참여하지 않습니다. 사업 정의의 시군 목록을 확인하세요.",
                en=f"Municipality {municipality} is not part of this programme. Check its definition.",
            )
        return municipality


def terms_of(definition: Definition) -> Terms:
    return Terms(
        funders=list(definition.funders),
        max_support=definition.max_support,
        municipalities=definition.municipalities,
        tranches=[_tranche(definition, rule) for rule in definition.tranches],
    )


def _tranche(definition: Definition, rule: TrancheRule) -> TrancheTerm:
    milestone = definition.milestone(rule.milestone)
    return TrancheTerm(
        number=rule.number,
        part=rule.part,
        milestone=rule.milestone,
        after_months=milestone.after_months,
        after_days=milestone.after_days,
    )
