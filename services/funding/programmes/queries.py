"""Queries for the funding terms of programmes."""

from datetime import date

from sqlalchemy import bindparam, case
from sqlmodel import col, select

from services.funding.programmes.domain import FundingTerms, programme_not_arrived
from services.funding.programmes.models import ProgrammeVersion
from services.funding.schema import require
from shared.database.transaction import Query, Transaction

VERSION, IN_FORCE = col(ProgrammeVersion.version), col(ProgrammeVersion.holds_from) <= bindparam("on")
VERSIONS = Query(
    select(ProgrammeVersion)
    .where(col(ProgrammeVersion.programme_id) == bindparam("programme_id"))
    .order_by(IN_FORCE.desc(), case((IN_FORCE, -VERSION), else_=VERSION))
    .limit(1)
)


async def terms_on(transaction: Transaction, programme_id: str, on: date) -> FundingTerms:
    """Return the terms in force on that date; before the first version, the first's (cases from older systems).

    Raises PrerequisiteMissing while no version of the programme has arrived.
    """
    return _terms(await transaction.first(VERSIONS, programme_id=programme_id, on=on), programme_id)


async def terms_of_version(transaction: Transaction, programme_id: str, version: int) -> FundingTerms:
    """Return the terms of one version. Raises PrerequisiteMissing while it has not arrived."""
    row = await transaction.find(ProgrammeVersion, programme_id, version)
    return _terms(row, f"{programme_id} v{version}")


def _terms(row: ProgrammeVersion | None, name: str) -> FundingTerms:
    return FundingTerms.model_validate(require(row, programme_not_arrived(name)).terms)
