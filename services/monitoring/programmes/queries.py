"""Queries for the definition of a programme by day and by version, in the live generation of the read models."""

from datetime import date

from shared.database.transaction import Transaction
from shared.errors import PrerequisiteMissing
from shared.events.definition import Definition

ON_THE_DAY = """
    select definition from live_definitions($1) where holds_from <= $2 order by version desc, sequence desc limit 1
"""
OF_VERSION = "select definition from live_definitions($1) where version = $2 order by sequence desc limit 1"


async def definition_on(transaction: Transaction, programme_id: str, on: date) -> Definition:
    """Return the newest version that holds on the day. Raises PrerequisiteMissing where none has been folded."""
    definition = await transaction.value(ON_THE_DAY, programme_id, on)
    return require_definition(definition, programme_id, f"{on}에 시행 중인", f"that holds on {on}")


async def definition_of(transaction: Transaction, programme_id: str, version: int) -> Definition:
    """Return that version. Raises PrerequisiteMissing while it has not been folded."""
    definition = await transaction.value(OF_VERSION, programme_id, version)
    return require_definition(definition, programme_id, f"{version}판", f"of version {version}")


def require_definition(definition: object, programme_id: str, ko: str, en: str) -> Definition:
    if definition is None:
        raise PrerequisiteMissing(
            "programme_not_known_yet",
            ko=f"{ko} {programme_id} 사업을 아직 모릅니다. 사업을 공고했는지 확인하고 잠시 뒤 다시 보내세요.",
            en=f"No definition of {programme_id} {en} is known here yet. Check that it is published, and try again.",
        )
    return Definition.model_validate(definition)
