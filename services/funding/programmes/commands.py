"""Commands on programmes: save the funding terms of a version. The caller commits."""

from datetime import date

from services.funding.programmes import domain
from services.funding.programmes.models import ProgrammeVersion
from shared.database.transaction import Transaction
from shared.events.definition import Definition


async def save_version(transaction: Transaction, definition: Definition, version: int, on: date) -> None:
    """Save the version's terms, which hold from `on`; a repetition changes nothing.

    Raises RuleBroken where the version is saved already with other terms.
    """
    terms = domain.terms_of(definition).model_dump(mode="json")
    saved = await transaction.find(ProgrammeVersion, definition.programme_id, version)
    if saved is None:
        await transaction.insert(
            ProgrammeVersion(
                programme_id=definition.programme_id, version=version, holds_from=on, terms=terms
            )
        )
    elif saved.terms != terms:
        raise domain.contradicting_version(definition.programme_id, version)
