"""Each case (과제) as dated facts: what a case was on any business date is a comparison of dates."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from services.monitoring.projections.case_tiles import COUNTED, TILES, with_steps
from services.monitoring.schema import PURSES, Table
from shared.events.applications import (
    AgreementSigned,
    ApplicationScreened,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    CaseAbandoned,
    CaseRecorded,
    CompanyRejected,
    CompanyReserved,
    CompanySelected,
)
from shared.events.monitoring import MilestoneAchieved, MilestoneScheduled
from shared.projections.projection import DecodedEvent, Key, State
from shared.projections.rollups import RollupRowProjection


class CaseRow(Table, table=True):
    """The last two columns come from ieum.monitoring, all others from ieum.applications; money is won.

    `lost_on`: the place was given up. `final_due_on` and `completed_on` are of the milestone that completes.
    """

    __tablename__ = "case_row"
    __table_args__ = (
        Index("case_row_by_programme", "programme_id", "year_from"),
        Index("case_row_by_company", "company_id"),
    )

    case_id: UUID = Field(primary_key=True)
    programme_id: str | None
    round_id: str | None
    year_from: int | None
    year_to: int | None
    track: str | None
    company_id: UUID | None
    company_name_ko: str | None
    municipality: str | None
    number: str | None
    via: str | None
    rank: int | None
    score: str | None
    reason: str | None
    eligible: bool | None
    record_status: str | None
    applied_on: date | None
    withdrawn_on: date | None
    screened_on: date | None
    reserved_on: date | None
    rejected_on: date | None
    selected_on: date | None
    lost_on: date | None
    lost_stage: str | None
    agreed_on: date | None
    starts_on: date | None
    ends_on: date | None
    recorded_on: date | None
    applied_krw: int | None = Field(sa_type=BigInteger)
    total_krw: int | None = Field(sa_type=BigInteger)
    national_krw: int | None = Field(sa_type=BigInteger)
    province_krw: int | None = Field(sa_type=BigInteger)
    city_krw: int | None = Field(sa_type=BigInteger)
    self_krw: int | None = Field(sa_type=BigInteger)
    final_due_on: date | None
    completed_on: date | None


def key(fact: DecodedEvent) -> Key:
    return (fact.data["case_id"],)


def submitted(row: State, fact: DecodedEvent) -> State:
    data = fact.data
    return row | {
        "programme_id": data["programme_id"],
        "round_id": data["round_id"],
        "year_from": data["year"],
        "year_to": data["year"],
        "track": data.get("track"),
        "company_id": data["company_id"],
        "municipality": data["municipality"],
        "number": data["receipt_number"],
        "applied_on": fact.occurred_on,
        "applied_krw": data["total_krw"],
    }


def recorded(row: State, fact: DecodedEvent) -> State:
    data, amounts = fact.data, fact.data.get("amounts_krw", {})
    return row | {
        "programme_id": data["programme_id"],
        "year_from": data["year_from"],
        "year_to": data["year_to"],
        "track": data.get("track"),
        "company_name_ko": data["company_name_ko"],
        "municipality": data["municipality"],
        "number": data["record_id"],
        "record_status": data["status"],
        "recorded_on": fact.occurred_on,
        "total_krw": sum(amounts.values()) if amounts else None,
        **purses(amounts),
    }


def purses(amounts: dict[str, int]) -> State:
    return {column: amounts.get(funder) for funder, column in PURSES.items()}


def withdrawn(row: State, fact: DecodedEvent) -> State:
    return row | {"withdrawn_on": fact.occurred_on}


def screened(row: State, fact: DecodedEvent) -> State:
    return row | {"screened_on": fact.occurred_on, "eligible": fact.data["eligible"]}


def ranked(row: State, fact: DecodedEvent) -> State:
    data = fact.data
    return row | {"rank": data.get("rank"), "score": data.get("score"), "reason": data["reason"]}


def selected(row: State, fact: DecodedEvent) -> State:
    return ranked(row, fact) | {"selected_on": fact.occurred_on, "via": fact.data["via"]}


def reserved(row: State, fact: DecodedEvent) -> State:
    return ranked(row, fact) | {"reserved_on": fact.occurred_on}


def rejected(row: State, fact: DecodedEvent) -> State:
    return ranked(row, fact) | {"rejected_on": fact.occurred_on}


def agreed(row: State, fact: DecodedEvent) -> State:
    given = ("starts_on", "ends_on", "total_krw")
    shares = purses(fact.data["shares_krw"])
    return row | {name: fact.data[name] for name in given} | shares | {"agreed_on": fact.occurred_on}


def abandoned(row: State, fact: DecodedEvent) -> State:
    return row | {"lost_on": fact.occurred_on, "lost_stage": fact.data["stage"]}


def scheduled(row: State, fact: DecodedEvent) -> State:
    return row | {"final_due_on": fact.data["due_on"]} if fact.data["completes"] else row


def achieved(row: State, fact: DecodedEvent) -> State:
    return row | {"completed_on": fact.occurred_on} if fact.data["completes"] else row


PROJECTION = RollupRowProjection(
    name="case_row",
    table=CaseRow,
    rollups=TILES,
    inputs=COUNTED,
    derive=with_steps,
    key=key,
    folds={
        ApplicationSubmitted: submitted,
        CaseRecorded: recorded,
        ApplicationWithdrawn: withdrawn,
        ApplicationScreened: screened,
        CompanySelected: selected,
        CompanyReserved: reserved,
        CompanyRejected: rejected,
        AgreementSigned: agreed,
        CaseAbandoned: abandoned,
        MilestoneScheduled: scheduled,
        MilestoneAchieved: achieved,
    },
    columns_by_topic={"ieum.monitoring": ("final_due_on", "completed_on")},
)
