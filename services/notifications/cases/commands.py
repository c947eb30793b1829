"""Save the names that messages use, from events: of programmes, companies and cases."""

import orjson

from services.notifications.cases.domain import names_of
from services.notifications.cases.models import Company
from shared.database.transaction import Transaction
from shared.events.applications import ApplicationSubmitted, CompanyRegistered, ProgrammePublished

SAVE_PROGRAMME = """
    insert into programme (programme_id, version, name_ko, name_en, short_ko, short_en, office_ko, office_en, names)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (programme_id) do update
    set version = excluded.version, name_ko = excluded.name_ko, name_en = excluded.name_en,
        short_ko = excluded.short_ko, short_en = excluded.short_en, office_ko = excluded.office_ko,
        office_en = excluded.office_en, names = excluded.names
    where programme.version < excluded.version
"""
SAVE_CASE = """
    insert into "case" (case_id, programme_id, company_id, receipt_number, track) values ($1, $2, $3, $4, $5)
    on conflict do nothing
"""


async def save_programme_names(transaction: Transaction, event: ProgrammePublished) -> None:
    """Upsert the names of a programme's definition, unless the stored version is as new or newer."""
    made = event.definition
    names = (made.name_ko, made.name_en, made.short_ko, made.short_en, made.office_ko, made.office_en)
    parts = orjson.dumps(names_of(made)).decode()
    await transaction.fetch(SAVE_PROGRAMME, event.programme_id, event.version, *names, parts)


async def save_company_name(transaction: Transaction, event: CompanyRegistered) -> None:
    await transaction.replace(Company(company_id=event.company_id, name_ko=event.name_ko))


async def save_case(transaction: Transaction, event: ApplicationSubmitted) -> None:
    case = (event.case_id, event.programme_id, event.company_id, event.receipt_number, event.track)
    await transaction.fetch(SAVE_CASE, *case)
