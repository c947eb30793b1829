"""Reads of rounds; they change nothing."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.applications.rounds.models import Round
from shared.database.transaction import Transaction
from shared.errors import NotFound, PrerequisiteMissing


class RoundView(BaseModel):
    """Round with its quota by track; `version` is that of its definition."""

    model_config = ConfigDict(from_attributes=True)

    round_id: str = Field(validation_alias="id")
    programme_id: str
    version: int
    year: int
    name_ko: str
    opens_on: date
    closes_on: date
    quota: dict[str, int]
    status: str
    agreed_on: date | None
    agency_ko: str | None


async def round_view(transaction: Transaction, round_id: str) -> RoundView:
    row = await transaction.find(Round, round_id)
    if row is None:
        raise not_found(round_id)
    return RoundView.model_validate(row)


def not_found(round_id: str) -> NotFound:
    return NotFound(
        "round_unknown",
        ko=f"공고 {round_id}이(가) 없습니다. 공고 번호를 확인하세요.",
        en=f"There is no round {round_id}. Check its id.",
    )


def prerequisite_missing(round_id: str) -> PrerequisiteMissing:
    return PrerequisiteMissing(
        "round_unknown",
        ko=f"공고 {round_id}을(를) 아직 모릅니다. 열리면 이어서 처리합니다.",
        en=f"Round {round_id} is not known yet; this is taken up again once it is opened.",
    )
