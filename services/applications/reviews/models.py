"""Reviews, one per reviewer and case. Columns only: the rules are in domain.py."""

from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.applications.schema import Table


class Review(Table, table=True):
    """Scores of one reviewer, or the declaration of a conflict of interest. Append only."""

    case_id: UUID = Field(primary_key=True, foreign_key="case.id")
    reviewer_id: str = Field(primary_key=True)
    scores: dict[str, int] = Field(sa_type=JSONB)
    conflict_of_interest: bool
    reviewed_on: date
