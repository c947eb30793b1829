"""Rules of publishing a programme, beyond the shape that Definition itself checks."""

from collections.abc import Iterable
from datetime import date

from uuid_utils.compat import uuid7

from services.applications.programmes.models import Programme, ProgrammeProposal, ProgrammeVersion
from shared.errors import RuleBroken
from shared.events.applications import ProgrammeProposed, ProgrammePublished
from shared.events.definition import Definition, Proposal
from shared.values import municipalities
from shared.values.money import public


def publish(
    programme: Programme, definition: Definition, on: date
) -> tuple[ProgrammeVersion, ProgrammePublished]:
    """Create the next version, in force from `on`; RuleBroken for an earlier date or an inconsistent definition."""
    _refuse_earlier_publication(programme, on)
    _refuse_inconsistent(definition)
    programme.version, programme.published_on = programme.version + 1, on
    row = ProgrammeVersion(
        programme_id=programme.id,
        version=programme.version,
        published_on=on,
        definition=definition.model_dump(mode="json"),
    )
    published = ProgrammePublished(
        programme_id=programme.id, version=programme.version, definition=definition, occurred_on=on
    )
    return row, published


def propose(
    programme: Programme | None, proposal: Proposal, on: date
) -> tuple[ProgrammeProposal, ProgrammeProposed]:
    """Create a draft for consultation beside any earlier ones; RuleBroken where the programme was published."""
    if programme is not None:
        raise RuleBroken(
            "programme_exists",
            ko=f"사업 {programme.id}은(는) 이미 공표되었습니다. 의견 수렴 대신 새 판으로 공표하세요.",
            en=f"Programme {programme.id} is published already. Publish a new version instead of a draft.",
        )
    _refuse_unknown_codes(consulted.code for consulted in proposal.municipalities)
    row = ProgrammeProposal(
        id=uuid7(),
        programme_id=proposal.programme_id,
        proposed_on=on,
        proposal=proposal.model_dump(mode="json"),
    )
    return row, ProgrammeProposed(programme_id=proposal.programme_id, proposal=proposal, occurred_on=on)


def _refuse_earlier_publication(programme: Programme, on: date) -> None:
    if programme.published_on is not None and on < programme.published_on:
        raise RuleBroken(
            "version_order",
            ko=f"{programme.version}판이 {programme.published_on}에 공표되었습니다. 새 판의 업무일은 그날이거나 그 뒤여야 합니다.",
            en=f"Version {programme.version} holds from {programme.published_on}. A new version must not be earlier.",
        )


def _refuse_inconsistent(definition: Definition) -> None:
    _refuse_unknown_codes(definition.municipalities)
    _refuse_unknown_tie_breakers(definition)
    _refuse_too_much_support(definition)


def _refuse_unknown_codes(codes: Iterable[str]) -> None:
    listed = list(codes)
    unknown = sorted({code for code in listed if code not in municipalities.by_code()})
    twice = sorted({code for code in listed if listed.count(code) > 1})
    if unknown or twice:
        raise RuleBroken(
            "municipality_unknown",
            ko=f"시군 코드를 확인하세요. 모르는 코드: {_joined(unknown)}, 두 번 적힌 코드: {_joined(twice)}.",
            en=f"Check the municipality codes. Unknown: {_joined(unknown)}; given twice: {_joined(twice)}.",
        )


def _refuse_unknown_tie_breakers(definition: Definition) -> None:
    rule = definition.review
    unknown = [tie for tie in rule.ties if tie not in rule.criteria] if rule else []
    if unknown:
        raise RuleBroken(
            "ties_unknown",
            ko=f"review.ties의 {_joined(unknown)}은(는) 평가항목이 아닙니다. review.criteria에 있는 항목만 적으세요.",
            en=f"review.ties: {_joined(unknown)} is no criterion. Name criteria of review.criteria only.",
        )


def _refuse_too_much_support(definition: Definition) -> None:
    limit, whole = definition.max_support, sum(definition.funders.values())
    supported = sum(public(definition.funders).values())
    if limit is not None and supported * limit.denominator > whole * limit.numerator:
        raise RuleBroken(
            "max_support",
            ko=f"재원 비율의 공공 몫 {supported}/{whole}이 지원 한도 {limit.text}를 넘습니다. funders나 max_support를 고치세요.",
            en=f"The public share {supported}/{whole} exceeds the limit {limit.text}. Correct funders or max_support.",
        )


def _joined(codes: list[str]) -> str:
    return ", ".join(codes) or "-"
