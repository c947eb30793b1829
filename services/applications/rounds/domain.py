"""The rules of a round: its window, its places, and the order in which it is closed and decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.applications.rounds.models import Round, Status
from shared.errors import RuleBroken
from shared.events.applications import RoundAgreed, RoundClosed, RoundOpened
from shared.events.definition import Definition

ALL = "all"
"""The quota's key where a programme has no tracks."""

NEXT = {Status.OPEN: {Status.CLOSED}, Status.CLOSED: {Status.DECIDED}}
STATUS_KO = {Status.OPEN: "접수 중", Status.CLOSED: "마감", Status.DECIDED: "선정 완료"}


@dataclass(frozen=True)
class Call:
    """What a round is announced with; quota is places by track."""

    round_id: str
    programme_id: str
    year: int
    name_ko: str
    opens_on: date
    closes_on: date
    quota: Mapping[str, int]


def open_round(call: Call, version: int, definition: Definition, on: date) -> tuple[Round, RoundOpened]:
    _refuse_unworkable(definition)
    _refuse_wrong_time(call, definition)
    _refuse_wrong_quota(call.quota, definition)
    said = {
        "programme_id": call.programme_id,
        "year": call.year,
        "name_ko": call.name_ko,
        "opens_on": call.opens_on,
        "closes_on": call.closes_on,
        "quota": dict(call.quota),
    }
    row = Round.model_validate({"id": call.round_id, "version": version, **said})
    return row, RoundOpened.model_validate({"round_id": call.round_id, "occurred_on": on, **said})


def close(row: Round, on: date) -> RoundClosed:
    """A window that was announced stays open to its last day."""
    if on < row.closes_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 기간이 {row.closes_on}까지입니다. 그날이나 그 뒤에 마감하세요.",
            en=f"The window is open until {row.closes_on}. Close the round on that day or later.",
        )
    move(row, to=Status.CLOSED)
    return RoundClosed(programme_id=row.programme_id, round_id=row.id, year=row.year, occurred_on=on)


def agree(row: Round, agency_ko: str, on: date) -> RoundAgreed:
    """The yearly agreement with the executing agency, once a round."""
    if row.agreed_on is not None:
        raise RuleBroken(
            "round_agreed",
            ko=f"이 공고의 운영 협약은 {row.agreed_on}에 {row.agency_ko}과(와) 이미 맺었습니다.",
            en=f"The agency's agreement for this round was concluded on {row.agreed_on} already.",
        )
    row.agreed_on, row.agency_ko = on, agency_ko
    return RoundAgreed(
        programme_id=row.programme_id, round_id=row.id, year=row.year, agency_ko=agency_ko, occurred_on=on
    )


def decide(row: Round, on: date) -> None:
    if on < row.closes_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 기간이 {row.closes_on}까지입니다. 마감한 뒤에 선정하세요.",
            en=f"The window is open until {row.closes_on}. Select after it is closed.",
        )
    move(row, to=Status.DECIDED)


def refuse_outside_window(row: Round, on: date) -> None:
    """By the business date: a paper application may be entered after the window, not after the selection."""
    if not row.opens_on <= on <= row.closes_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 기간은 {row.opens_on}부터 {row.closes_on}까지입니다. {on}에는 받을 수 없습니다. 다음 공고에 신청하세요.",
            en=f"The window is {row.opens_on} to {row.closes_on}; {on} is outside. Apply in the next round.",
        )
    refuse_decided(row)


def refuse_decided(row: Round) -> None:
    if row.status == Status.DECIDED:
        raise RuleBroken(
            "round_decided",
            ko="이 공고의 선정이 이미 끝났습니다. 다음 공고에 신청하세요.",
            en="This round has been decided. Apply in the next one.",
        )


def key_of(track: str | None) -> str:
    return track or ALL


def move(row: Round, to: Status) -> None:
    now = Status(row.status)
    if to not in NEXT.get(now, set()):
        raise RuleBroken(
            "round_status",
            ko=f"공고 {row.id}은(는) {STATUS_KO[now]} 상태라 '{STATUS_KO[to]}'(으)로 갈 수 없습니다. 접수 → 마감 → 선정의 차례를 지키세요.",
            en=f"The round is {now} and cannot become {to}: it is opened, closed and then decided, each once.",
        )
    row.status = to


def _refuse_unworkable(definition: Definition) -> None:
    if definition.entry == "history":
        raise RuleBroken(
            "entry_history",
            ko="과거 실적만 있는 사업에는 공고를 낼 수 없습니다. 사업을 새로 공표하세요.",
            en="A programme of past results has no rounds. Publish a programme of its own.",
        )
    if not definition.funders or (definition.entry == "application" and definition.review is None):
        raise RuleBroken(
            "definition_incomplete",
            ko="재원 비율(funders)과 심사 기준(review)이 있어야 공고를 낼 수 있습니다. 사업을 새 판으로 공표하세요.",
            en="A round needs the shares of the funders and the rules of review. Publish a version that has them.",
        )


def _refuse_wrong_time(call: Call, definition: Definition) -> None:
    if call.closes_on < call.opens_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 마감일 {call.closes_on}이 시작일 {call.opens_on}보다 앞섭니다. 날짜를 고치세요.",
            en=f"The window closes on {call.closes_on}, before it opens on {call.opens_on}.",
        )
    if not definition.first_year <= call.year <= definition.last_year:
        raise RuleBroken(
            "round_year",
            ko=f"{call.year}년은 사업 기간({definition.first_year}~{definition.last_year}) 밖입니다.",
            en=f"{call.year} is outside the programme's years {definition.first_year}-{definition.last_year}.",
        )


def _refuse_wrong_quota(quota: Mapping[str, int], definition: Definition) -> None:
    known = {track.id for track in definition.tracks} or {ALL}
    if definition.entry == "top_up":
        known |= {ALL}
    unknown = sorted(set(quota) - known)
    if unknown or (not quota and definition.entry != "top_up"):
        raise RuleBroken(
            "quota_tracks",
            ko=f"트랙별 선정 수(quota)는 {', '.join(sorted(known))} 가운데에서 적으세요. 모르는 트랙: {', '.join(unknown) or '없음'}.",
            en=f"The quota names tracks among {', '.join(sorted(known))}. Unknown: {', '.join(unknown) or 'none'}.",
        )
