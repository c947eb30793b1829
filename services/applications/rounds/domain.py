"""Rules of a round: its window, its quota, and the order of opening, closing and deciding."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.applications.rounds.models import Round, Status
from shared.errors import RuleBroken
from shared.events.applications import RoundAgreed, RoundClosed, RoundOpened
from shared.events.definition import Definition

ALL_TRACKS = "all"
"""Quota key of a programme without tracks."""

NEXT = {Status.OPEN: {Status.CLOSED}, Status.CLOSED: {Status.DECIDED}}
STATUS_KO = {Status.OPEN: "접수 중", Status.CLOSED: "마감", Status.DECIDED: "선정 완료"}


@dataclass(frozen=True)
class Announcement:
    """Contents of a round's announcement; the quota is a number of companies by track."""

    round_id: str
    programme_id: str
    year: int
    name_ko: str
    opens_on: date
    closes_on: date
    quota: Mapping[str, int]


def open_round(
    announcement: Announcement, version: int, definition: Definition, on: date
) -> tuple[Round, RoundOpened]:
    """Open a round under a version of the definition; RuleBroken where the two do not fit."""
    _refuse_incomplete_definition(definition)
    _refuse_invalid_dates(announcement, definition)
    _refuse_unknown_tracks(announcement.quota, definition)
    fields = {
        "programme_id": announcement.programme_id,
        "year": announcement.year,
        "name_ko": announcement.name_ko,
        "opens_on": announcement.opens_on,
        "closes_on": announcement.closes_on,
        "quota": dict(announcement.quota),
    }
    round = Round.model_validate({"id": announcement.round_id, "version": version, **fields})
    return round, RoundOpened.model_validate({"round_id": announcement.round_id, "occurred_on": on, **fields})


def close(round: Round, on: date) -> RoundClosed:
    """Close the window; RuleBroken before the last day that was announced."""
    if on < round.closes_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 기간이 {round.closes_on}까지입니다. 그날이나 그 뒤에 마감하세요.",
            en=f"The window is open until {round.closes_on}. Close the round on that day or later.",
        )
    transition(round, to=Status.CLOSED)
    return RoundClosed(programme_id=round.programme_id, round_id=round.id, year=round.year, occurred_on=on)


def agree(round: Round, agency_ko: str, on: date) -> RoundAgreed:
    """Record the yearly agreement with the executing agency, once per round."""
    if round.agreed_on is not None:
        raise RuleBroken(
            "round_agreed",
            ko=f"이 공고의 운영 협약은 {round.agreed_on}에 {round.agency_ko}과(와) 이미 맺었습니다.",
            en=f"The agency's agreement for this round was concluded on {round.agreed_on} already.",
        )
    round.agreed_on, round.agency_ko = on, agency_ko
    return RoundAgreed(
        programme_id=round.programme_id,
        round_id=round.id,
        year=round.year,
        agency_ko=agency_ko,
        occurred_on=on,
    )


def decide(round: Round, on: date) -> None:
    """Mark a closed round as decided; RuleBroken before its window has ended."""
    if on < round.closes_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 기간이 {round.closes_on}까지입니다. 마감한 뒤에 선정하세요.",
            en=f"The window is open until {round.closes_on}. Select after it is closed.",
        )
    transition(round, to=Status.DECIDED)


def refuse_outside_window(round: Round, on: date) -> None:
    """Raise RuleBroken for a business date outside the window, or after the selection.

    A paper application may be entered after the window has ended, dated within it.
    """
    if not round.opens_on <= on <= round.closes_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 기간은 {round.opens_on}부터 {round.closes_on}까지입니다. {on}에는 받을 수 없습니다. 다음 공고에 신청하세요.",
            en=f"The window is {round.opens_on} to {round.closes_on}; {on} is outside. Apply in the next round.",
        )
    _refuse_decided(round)


def _refuse_decided(round: Round) -> None:
    if round.status == Status.DECIDED:
        raise RuleBroken(
            "round_decided",
            ko="이 공고의 선정이 이미 끝났습니다. 다음 공고에 신청하세요.",
            en="This round has been decided. Apply in the next one.",
        )


def quota_key(track: str | None) -> str:
    return track or ALL_TRACKS


def transition(round: Round, to: Status) -> None:
    """Set the status; RuleBroken where NEXT does not allow the transition."""
    now = Status(round.status)
    if to not in NEXT.get(now, set()):
        raise RuleBroken(
            "round_status",
            ko=f"공고 {round.id}은(는) {STATUS_KO[now]} 상태라 '{STATUS_KO[to]}'(으)로 갈 수 없습니다. 접수 → 마감 → 선정의 차례를 지키세요.",
            en=f"The round is {now} and cannot become {to}: it is opened, closed and then decided, each once.",
        )
    round.status = to


def _refuse_incomplete_definition(definition: Definition) -> None:
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


def _refuse_invalid_dates(announcement: Announcement, definition: Definition) -> None:
    if announcement.closes_on < announcement.opens_on:
        raise RuleBroken(
            "round_window",
            ko=f"접수 마감일 {announcement.closes_on}이 시작일 {announcement.opens_on}보다 앞섭니다. 날짜를 고치세요.",
            en=f"The window closes on {announcement.closes_on}, before it opens on {announcement.opens_on}.",
        )
    if not definition.first_year <= announcement.year <= definition.last_year:
        raise RuleBroken(
            "round_year",
            ko=f"{announcement.year}년은 사업 기간({definition.first_year}~{definition.last_year}) 밖입니다.",
            en=f"{announcement.year} is outside the programme's years {definition.first_year}-{definition.last_year}.",
        )


def _refuse_unknown_tracks(quota: Mapping[str, int], definition: Definition) -> None:
    known = {track.id for track in definition.tracks} or {ALL_TRACKS}
    if definition.entry == "top_up":
        known |= {ALL_TRACKS}
    unknown = sorted(set(quota) - known)
    if unknown or (not quota and definition.entry != "top_up"):
        raise RuleBroken(
            "quota_tracks",
            ko=f"트랙별 선정 수(quota)는 {', '.join(sorted(known))} 가운데에서 적으세요. 모르는 트랙: {', '.join(unknown) or '없음'}.",
            en=f"The quota names tracks among {', '.join(sorted(known))}. Unknown: {', '.join(unknown) or 'none'}.",
        )
