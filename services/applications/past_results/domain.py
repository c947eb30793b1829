"""Rules of past results: consistency, and no change once taken over."""

from uuid_utils.compat import uuid7

from services.applications.past_results.models import RecordedCase
from shared.errors import RuleBroken
from shared.events.applications import CaseRecorded
from shared.events.definition import Definition
from shared.events.external import LegacyCaseRecorded
from shared.values import municipalities


def record(
    definition: Definition, system: str, legacy_case: LegacyCaseRecorded
) -> tuple[RecordedCase, CaseRecorded]:
    _refuse_impossible_years(legacy_case)
    _refuse_unknown_codes(definition, legacy_case)
    fields = legacy_case.model_dump(mode="json", exclude={"occurred_on"})
    recorded_case = RecordedCase.model_validate(
        {"id": uuid7(), "system": system, "recorded_on": legacy_case.occurred_on, **fields}
    )
    recorded_fields = {
        "case_id": recorded_case.id,
        "system": system,
        "occurred_on": legacy_case.occurred_on,
        **fields,
    }
    return recorded_case, CaseRecorded.model_validate(recorded_fields)


def refuse_changed_content(stored: RecordedCase, received: RecordedCase) -> None:
    """Raise RuleBroken where a past result is received again with other content: published figures include it."""
    old, new = stored.model_dump(exclude={"id"}), received.model_dump(exclude={"id"})
    differing = sorted(name for name in old if old[name] != new[name])
    if differing:
        raise RuleBroken(
            "record_contradicts",
            ko=f"{stored.system}의 기록 {stored.record_id}이(가) 전에 받은 내용과 다릅니다: {', '.join(differing)}. 새 기록 번호로 보내거나 담당자에게 알리세요.",
            en=f"Record {stored.record_id} of {stored.system} differs from what was received before: {', '.join(differing)}.",
        )


def _refuse_impossible_years(legacy_case: LegacyCaseRecorded) -> None:
    if not legacy_case.year_from <= legacy_case.year_to <= legacy_case.occurred_on.year:
        raise RuleBroken(
            "record_years",
            ko=f"기록의 연도 {legacy_case.year_from}~{legacy_case.year_to}가 맞지 않습니다(업무일 {legacy_case.occurred_on}). 연도를 고치세요.",
            en=f"The years {legacy_case.year_from}-{legacy_case.year_to} do not fit the business date {legacy_case.occurred_on}.",
        )


def _refuse_unknown_codes(definition: Definition, legacy_case: LegacyCaseRecorded) -> None:
    """Refuse an unknown municipality or track; in place of a municipality the programme's region is accepted."""
    if (
        legacy_case.municipality not in municipalities.by_code()
        and legacy_case.municipality != definition.region
    ):
        raise RuleBroken(
            "municipality_unknown",
            ko=f"모르는 시군 코드입니다: {legacy_case.municipality}. 행정표준코드를 확인하세요.",
            en=f"{legacy_case.municipality} is no municipality's code.",
        )
    if legacy_case.track is not None and legacy_case.track not in {track.id for track in definition.tracks}:
        raise RuleBroken(
            "track_unknown",
            ko=f"사업 {definition.programme_id}에 {legacy_case.track} 트랙이 없습니다.",
            en=f"Programme {definition.programme_id} has no track {legacy_case.track}.",
        )
