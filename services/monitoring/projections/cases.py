"""Case rows (과제) of dated facts: the state on any business date is a comparison of dates."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from services.monitoring.projections.case_rollups import ROLLUP_INPUTS, ROLLUPS, with_transitions
from services.monitoring.schema import FUNDER_COLUMNS, Table
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
    """One case; the last two columns come from ieum.monitoring, all others from ieum.applications; money is won.

    `relinquished_on`: the award was given up. `final_due_on` and `completed_on` are of the milestone that completes.
    `reason` is written by folds of version 1 alone, and read by none: columns are not taken away under a running release.
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
    relinquished_on: date | None
    relinquished_stage: str | None
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


def key(event: DecodedEvent) -> Key:
    return (event.data["case_id"],)


def submitted(row: State, event: DecodedEvent) -> State:
    data = event.data
    return row | {
        "programme_id": data["programme_id"],
        "round_id": data["round_id"],
        "year_from": data["year"],
        "year_to": data["year"],
        "track": data.get("track"),
        "company_id": data["company_id"],
        "municipality": data["municipality"],
        "number": data["receipt_number"],
        "applied_on": event.occurred_on,
        "applied_krw": data["total_krw"],
    }


def recorded(row: State, event: DecodedEvent) -> State:
    data, amounts = event.data, event.data.get("amounts_krw", {})
    return row | {
        "programme_id": data["programme_id"],
        "year_from": data["year_from"],
        "year_to": data["year_to"],
        "track": data.get("track"),
        "company_name_ko": data["company_name_ko"],
        "municipality": data["municipality"],
        "number": data["record_id"],
        "record_status": data["status"],
        "recorded_on": event.occurred_on,
        "total_krw": sum(amounts.values()) if amounts else None,
        **funder_columns(amounts),
    }


def funder_columns(amounts: dict[str, int]) -> State:
    """Return the amounts (won) by column; null for a funder that is not named."""
    return {column: amounts.get(funder) for funder, column in FUNDER_COLUMNS.items()}


def withdrawn(row: State, event: DecodedEvent) -> State:
    return row | {"withdrawn_on": event.occurred_on}


def screened(row: State, event: DecodedEvent) -> State:
    return row | {"screened_on": event.occurred_on, "eligible": event.data["eligible"]}


def ranked(row: State, event: DecodedEvent) -> State:
    data = event.data
    return row | {"rank": data.get("rank"), "score": data.get("score")}


def selected(row: State, event: DecodedEvent) -> State:
    return ranked(row, event) | {"selected_on": event.occurred_on, "via": event.data["via"]}


def reserved(row: State, event: DecodedEvent) -> State:
    return ranked(row, event) | {"reserved_on": event.occurred_on}


def rejected(row: State, event: DecodedEvent) -> State:
    return ranked(row, event) | {"rejected_on": event.occurred_on}


def agreed(row: State, event: DecodedEvent) -> State:
    copied = {name: event.data[name] for name in ("starts_on", "ends_on", "total_krw")}
    return row | copied | funder_columns(event.data["shares_krw"]) | {"agreed_on": event.occurred_on}


def abandoned(row: State, event: DecodedEvent) -> State:
    return row | {"relinquished_on": event.occurred_on, "relinquished_stage": event.data["stage"]}


def scheduled(row: State, event: DecodedEvent) -> State:
    return row | {"final_due_on": event.data["due_on"]} if event.data["completes"] else row


def achieved(row: State, event: DecodedEvent) -> State:
    return row | {"completed_on": event.occurred_on} if event.data["completes"] else row


PROJECTION = RollupRowProjection(
    name="case_row",
    table=CaseRow,
    rollups=ROLLUPS,
    inputs=ROLLUP_INPUTS,
    derive=with_transitions,
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
