"""Reads of programmes; they change nothing."""

from datetime import date
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlmodel import col, select

from services.applications.programmes.models import ProgrammeProposal, ProgrammeVersion
from shared.database.transaction import Query, Transaction
from shared.errors import NotFound, PrerequisiteMissing
from shared.events.definition import Definition, Proposal

DEFINITION_CACHE: dict[tuple[str, int], Definition] = {}
"""Definitions by programme and version; whatever empties the table must clear the cache too."""

NEWEST_VERSION = Query(
    select(ProgrammeVersion)
    .where(
        col(ProgrammeVersion.programme_id) == bindparam("programme_id"),
        col(ProgrammeVersion.published_on) <= bindparam("until"),
    )
    .order_by(col(ProgrammeVersion.version).desc())
    .limit(1)
)
NEWEST_DRAFT = Query(
    select(ProgrammeProposal)
    .where(col(ProgrammeProposal.programme_id) == bindparam("programme_id"))
    .order_by(col(ProgrammeProposal.id).desc())
    .limit(1)
)
VERSIONS = Query(select(ProgrammeVersion).order_by(col(ProgrammeVersion.version)))
DRAFTS = Query(select(ProgrammeProposal).order_by(col(ProgrammeProposal.id)))


class PublishedDefinition(NamedTuple):
    """Definition with its version number."""

    version: int
    definition: Definition


class ProgrammeView(BaseModel):
    """Newest version of a programme, or newest draft of one that does not exist yet."""

    programme_id: str
    version: int
    published_on: date
    definition: Definition | None = None
    proposal: Proposal | None = None


class ProgrammeLine(BaseModel):
    """Programme in the list; version 0 is a draft."""

    programme_id: str
    version: int
    published_on: date
    name_ko: str
    name_en: str


async def newest_definition(
    transaction: Transaction, programme_id: str, until: date = date.max
) -> PublishedDefinition | None:
    """Return the definition published last up to a date, by default whether in force or not; None without one."""
    row = await transaction.first(NEWEST_VERSION, programme_id=programme_id, until=until)
    return _published_definition(row) if row else None


async def definition(transaction: Transaction, programme_id: str, version: int) -> Definition:
    """Return the definition of a version, cached for the process: a committed version never changes."""
    if (cached := DEFINITION_CACHE.get((programme_id, version))) is not None:
        return cached
    row = await transaction.find(ProgrammeVersion, programme_id, version)
    if row is None:
        raise not_found(programme_id)
    return DEFINITION_CACHE.setdefault((programme_id, version), _published_definition(row).definition)


async def programme(transaction: Transaction, programme_id: str) -> ProgrammeView:
    row = await transaction.first(NEWEST_VERSION, programme_id=programme_id, until=date.max)
    if row is not None:
        return ProgrammeView(
            programme_id=programme_id,
            version=row.version,
            published_on=row.published_on,
            definition=_published_definition(row).definition,
        )
    if (draft := await transaction.first(NEWEST_DRAFT, programme_id=programme_id)) is None:
        raise not_found(programme_id)
    return ProgrammeView(
        programme_id=programme_id,
        version=0,
        published_on=draft.proposed_on,
        proposal=Proposal.model_validate(draft.proposal),
    )


async def programmes(transaction: Transaction) -> list[ProgrammeLine]:
    versions = {row.programme_id: row for row in await transaction.all(VERSIONS)}
    drafts = {row.programme_id: row for row in await transaction.all(DRAFTS)}
    lines = [_programme_line(row.version, row.published_on, row.definition) for row in versions.values()]
    lines += [
        _programme_line(0, draft.proposed_on, draft.proposal)
        for programme_id, draft in drafts.items()
        if programme_id not in versions
    ]
    return sorted(lines, key=lambda line: line.programme_id)


def not_found(programme_id: str) -> NotFound:
    return NotFound(
        "programme_unknown",
        ko=f"사업 {programme_id}이(가) 없습니다. 사업 번호를 확인하거나 먼저 공표하세요.",
        en=f"There is no programme {programme_id}. Check its id, or publish it first.",
    )


def prerequisite_missing(programme_id: str) -> PrerequisiteMissing:
    return PrerequisiteMissing(
        "programme_unknown",
        ko=f"사업 {programme_id}을(를) 아직 모릅니다. 공표되면 이어서 처리합니다.",
        en=f"Programme {programme_id} is not known yet; this is taken up again once it is published.",
    )


def _published_definition(row: ProgrammeVersion) -> PublishedDefinition:
    return PublishedDefinition(row.version, Definition.model_validate(row.definition))


def _programme_line(version: int, on: date, content: dict[str, str]) -> ProgrammeLine:
    return ProgrammeLine(
        version=version,
        published_on=on,
        **{name: content[name] for name in ("programme_id", "name_ko", "name_en")},
    )
