"""The rules of a place: given once, given up once, and followed by the next in reserve."""

from datetime import date

from services.applications.awards.models import Outcome, Place
from services.applications.cases.domain import refuse_before
from services.applications.cases.models import Case
from services.applications.rounds.domain import ALL, key_of
from services.applications.rounds.models import Round
from shared.errors import RuleBroken
from shared.events.applications import CompanyRejected, CompanyReserved, CompanySelected, Via

NEXT = {Outcome.SELECTED: {Outcome.GIVEN_UP}, Outcome.RESERVED: {Outcome.SELECTED, Outcome.GIVEN_UP}}
OUTCOME_KO = {
    Outcome.SELECTED: "선정",
    Outcome.RESERVED: "예비",
    Outcome.REJECTED: "탈락",
    Outcome.GIVEN_UP: "포기",
}
Said = CompanySelected | CompanyReserved | CompanyRejected


def give(case: Case, outcome: Outcome, reason: str, on: date, **ranked: object) -> tuple[Place, Said]:
    """What the selection made of a case; `ranked` holds `rank` and `score` where it was ranked."""
    via: Via | None = None if outcome != Outcome.SELECTED else "ranking" if ranked else "ministry"
    place = Place.model_validate(
        {
            "case_id": case.id,
            "round_id": case.round_id,
            "quota_key": key_of(case.track),
            "status": outcome,
            "via": via,
            "reason": reason,
            "decided_on": on,
            **ranked,
        }
    )
    return place, _said(case, place, on)


def promote(place: Place, case: Case, followed: Case, on: date) -> Said:
    """The next in reserve takes the place that another company gave up."""
    move(place, to=Outcome.SELECTED)
    where = "" if place.quota_key == ALL else f"{place.quota_key} 트랙 "
    place.via, place.decided_on = "reserve", on
    place.reason = f"접수번호 {followed.receipt_number}의 포기로 {where}{place.rank}위 예비 과제가 이어서 선정되었습니다."
    return _said(case, place, on)


def give_up(place: Place, on: date) -> bool:
    """Whether a place came free; one in reserve holds none."""
    refuse_before(place.decided_on, on)
    held = place.status == Outcome.SELECTED
    move(place, to=Outcome.GIVEN_UP)
    return held


def refuse_without_place(place: Place | None) -> Place:
    if place is None or place.status != Outcome.SELECTED:
        now = OUTCOME_KO[Outcome(place.status)] if place else "선정 전"
        raise RuleBroken(
            "place_needed",
            ko=f"선정된 과제만 협약할 수 있습니다. 이 과제는 지금 '{now}' 상태입니다.",
            en="Only a case that holds a place can sign an agreement.",
        )
    return place


def refuse_full(call: Round, taken: int) -> None:
    """A top-up round may state how many it takes; without a quota it takes all that the ministry selects."""
    places = call.quota.get(ALL)
    if places is not None and taken >= places:
        raise RuleBroken(
            "quota_full",
            ko=f"공고 {call.id}의 {places}곳이 모두 찼습니다. 정원을 늘린 새 공고를 여세요.",
            en=f"The {places} places of round {call.id} are taken. Open another round.",
        )


def move(place: Place, to: Outcome) -> None:
    now = Outcome(place.status)
    if to not in NEXT.get(now, set()):
        raise RuleBroken(
            "place_status",
            ko=f"이 과제는 '{OUTCOME_KO[now]}' 상태라 '{OUTCOME_KO[to]}'(으)로 바꿀 수 없습니다.",
            en=f"This case is {now} and cannot become {to}.",
        )
    place.status = to


def _said(case: Case, place: Place, on: date) -> Said:
    kinds: dict[str, type[Said]] = {
        Outcome.SELECTED: CompanySelected,
        Outcome.RESERVED: CompanyReserved,
        Outcome.REJECTED: CompanyRejected,
    }
    said = place.model_dump(include={"round_id", "rank", "score", "reason", "via"})
    whose = case.model_dump(include={"programme_id", "year", "track"})
    return kinds[place.status].model_validate({"case_id": case.id, "occurred_on": on, **whose, **said})
