"""The rules of past results: what another system recorded, taken over once."""

from uuid_utils.compat import uuid7

from services.applications.past_results.models import RecordedCase
from shared.errors import RuleBroken
from shared.events.applications import CaseRecorded
from shared.events.definition import Definition
from shared.events.external import LegacyCaseRecorded
from shared.values import municipalities


def record(terms: Definition, system: str, told: LegacyCaseRecorded) -> tuple[RecordedCase, CaseRecorded]:
    _refuse_contradiction(told)
    _refuse_unknown_place(terms, told)
    said = told.model_dump(mode="json", exclude={"occurred_on"})
    row = RecordedCase.model_validate(
        {"id": uuid7(), "system": system, "recorded_on": told.occurred_on, **said}
    )
    recorded = {"case_id": row.id, "system": system, "occurred_on": told.occurred_on, **said}
    return row, CaseRecorded.model_validate(recorded)


def refuse_other_content(before: RecordedCase, now: RecordedCase) -> None:
    """Past results are not rewritten in silence: they stand in figures that were published."""
    kept, told = before.model_dump(exclude={"id"}), now.model_dump(exclude={"id"})
    differing = sorted(name for name in kept if kept[name] != told[name])
    if differing:
        raise RuleBroken(
            "record_contradicts",
            ko=f"{before.system}의 기록 {before.record_id}이(가) 전에 받은 내용과 다릅니다: {', '.join(differing)}. 새 기록 번호로 보내거나 담당자에게 알리세요.",
            en=f"Record {before.record_id} of {before.system} differs from what was told before: {', '.join(differing)}.",
        )


def _refuse_contradiction(told: LegacyCaseRecorded) -> None:
    if not told.year_from <= told.year_to <= told.occurred_on.year:
        raise RuleBroken(
            "record_years",
            ko=f"기록의 연도 {told.year_from}~{told.year_to}가 맞지 않습니다(업무일 {told.occurred_on}). 연도를 고치세요.",
            en=f"The years {told.year_from}-{told.year_to} do not fit the business date {told.occurred_on}.",
        )


def _refuse_unknown_place(terms: Definition, told: LegacyCaseRecorded) -> None:
    """A municipality, or the programme's own region where the record knows no better."""
    if told.municipality not in municipalities.known() and told.municipality != terms.region:
        raise RuleBroken(
            "municipality_unknown",
            ko=f"모르는 시군 코드입니다: {told.municipality}. 행정표준코드를 확인하세요.",
            en=f"{told.municipality} is no municipality's code.",
        )
    if told.track is not None and told.track not in {track.id for track in terms.tracks}:
        raise RuleBroken(
            "track_unknown",
            ko=f"사업 {terms.programme_id}에 {told.track} 트랙이 없습니다.",
            en=f"Programme {terms.programme_id} has no track {told.track}.",
        )
