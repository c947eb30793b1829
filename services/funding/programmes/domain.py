"""Funding terms in a programme's definition. No database, broker or clock."""

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from shared.errors import PrerequisiteMissing, RuleBroken
from shared.events.definition import Definition, Ratio, TrancheRule
from shared.values.calendar import add_months
from shared.values.money import Funder


class TrancheTerm(BaseModel):
    """Tranche `number` pays `part` of the sum of all parts; due so many months and days after the agreement."""

    model_config = ConfigDict(frozen=True)

    number: int
    part: int
    milestone: str
    after_months: int
    after_days: int

    def due_on(self, agreed_on: date) -> date:
        return add_months(agreed_on, self.after_months) + timedelta(days=self.after_days)


class FundingTerms(BaseModel):
    """Funders, cap on support, paying municipalities and tranche scheme of one version of a programme."""

    model_config = ConfigDict(frozen=True)

    funders: list[Funder]
    max_support: Ratio | None
    municipalities: list[str]
    tranches: list[TrancheTerm]

    def municipality_account(self, municipality: str) -> str:
        """Return the municipality that pays the city's share, or '' where one city pays alone.

        Raises RuleBroken for a municipality outside the programme.
        """
        if not self.municipalities:
            return ""
        if municipality not in self.municipalities:
            raise RuleBroken(
                "municipality_outside_programme",
                ko=f"시군 {municipality}은(는) 이 사업에 참여하지 않습니다. 사업 정의의 시군 목록을 확인하세요.",
                en=f"Municipality {municipality} is not part of this programme. Check its definition.",
            )
        return municipality


def terms_of(definition: Definition) -> FundingTerms:
    return FundingTerms(
        funders=list(definition.funders),
        max_support=definition.max_support,
        municipalities=definition.municipalities,
        tranches=[_tranche_term(definition, rule) for rule in definition.tranches],
    )


def _tranche_term(definition: Definition, rule: TrancheRule) -> TrancheTerm:
    milestone = definition.milestone(rule.milestone)
    return TrancheTerm(
        number=rule.number,
        part=rule.part,
        milestone=rule.milestone,
        after_months=milestone.after_months,
        after_days=milestone.after_days,
    )


def contradicting_version(programme_id: str, version: int) -> RuleBroken:
    return RuleBroken(
        "version_contradicts",
        ko=f"{programme_id} {version}판이 이미 다른 내용으로 있습니다. 새 판 번호로 공고하세요.",
        en=f"Version {version} of {programme_id} is known with other terms. Publish a new version.",
    )


def programme_not_arrived(name: str) -> PrerequisiteMissing:
    return PrerequisiteMissing(
        "programme_unknown",
        ko=f"사업 {name}의 공고가 아직 도착하지 않았습니다. 사업 번호를 확인하고 잠시 뒤 다시 하세요.",
        en=f"Programme {name} has not arrived here yet. Check its id and try again shortly.",
    )
