"""What can be read about programmes. Reads change nothing."""

from datetime import date
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.programmes.models import ProgrammeProposal, ProgrammeVersion
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.errors import NotFound, PrerequisiteMissing
from shared.events.definition import Definition, Proposal

KNOWN: dict[tuple[str, int], Definition] = {}
"""Versions by programme and number. Who empties the table forgets them."""


class Terms(NamedTuple):
    """A version of a definition, and its number."""

    version: int
    definition: Definition


class ProgrammeView(BaseModel):
    """The newest version, or the newest draft of a programme that does not exist yet."""

    programme_id: str
    version: int
    published_on: date
    definition: Definition | None = None
    proposal: Proposal | None = None


class ProgrammeLine(BaseModel):
    """A programme in the list; version 0 is a draft."""

    programme_id: str
    version: int
    published_on: date
    name_ko: str
    name_en: str


async def newest(session: AsyncSession, programme_id: str) -> Terms | None:
    """The terms that were published last, whatever date they hold from."""
    row = await _newest(session, programme_id)
    return _terms(row) if row else None


async def terms_on(session: AsyncSession, programme_id: str, on: date) -> Terms | None:
    """The terms that held on that day."""
    row = await _newest(session, programme_id, on)
    return _terms(row) if row else None


async def definition(session: Executor, programme_id: str, version: int) -> Definition:
    """Of a version that others refer to: committed, and never changed, so it is read once a process."""
    if (known := KNOWN.get((programme_id, version))) is not None:
        return known
    row = await keyed_rows.find(session, ProgrammeVersion, programme_id, version)
    if row is None:
        raise unknown(programme_id)
    return KNOWN.setdefault((programme_id, version), _terms(row).definition)


async def programme(session: AsyncSession, programme_id: str) -> ProgrammeView:
    if (row := await _newest(session, programme_id)) is not None:
        return ProgrammeView(
            programme_id=programme_id,
            version=row.version,
            published_on=row.published_on,
            definition=_terms(row).definition,
        )
    if (draft := await _newest_draft(session, programme_id)) is None:
        raise unknown(programme_id)
    return ProgrammeView(
        programme_id=programme_id,
        version=0,
        published_on=draft.proposed_on,
        proposal=Proposal.model_validate(draft.proposal),
    )


async def programmes(session: AsyncSession) -> list[ProgrammeLine]:
    found, drafts = await _newest_of_each(session), await _newest_draft_of_each(session)
    lines = [_line(row.version, row.published_on, row.definition) for row in found.values()]
    lines += [
        _line(0, draft.proposed_on, draft.proposal) for key, draft in drafts.items() if key not in found
    ]
    return sorted(lines, key=lambda line: line.programme_id)


def unknown(programme_id: str) -> NotFound:
    return NotFound(
        "programme_unknown",
        ko=f"사업 {programme_id}이(가) 없습니다. 사업 번호를 확인하거나 먼저 공표하세요.",
        en=f"There is no programme {programme_id}. Check its id, or publish it first.",
    )


def not_yet(programme_id: str) -> PrerequisiteMissing:
    return PrerequisiteMissing(
        "programme_unknown",
        ko=f"사업 {programme_id}을(를) 아직 모릅니다. 공표되면 이어서 처리합니다.",
        en=f"Programme {programme_id} is not known yet; this is taken up again once it is published.",
    )


def _terms(row: ProgrammeVersion) -> Terms:
    return Terms(row.version, Definition.model_validate(row.definition))


async def _newest(
    session: AsyncSession, programme_id: str, until: date = date.max
) -> ProgrammeVersion | None:
    keyed_rows = select(ProgrammeVersion).where(
        ProgrammeVersion.programme_id == programme_id, ProgrammeVersion.published_on <= until
    )
    return await session.scalar(keyed_rows.order_by(col(ProgrammeVersion.version).desc()).limit(1))


async def _newest_draft(session: AsyncSession, programme_id: str) -> ProgrammeProposal | None:
    keyed_rows = select(ProgrammeProposal).where(ProgrammeProposal.programme_id == programme_id)
    return await session.scalar(keyed_rows.order_by(col(ProgrammeProposal.id).desc()).limit(1))


async def _newest_of_each(session: AsyncSession) -> dict[str, ProgrammeVersion]:
    keyed_rows = select(ProgrammeVersion).order_by(col(ProgrammeVersion.version))
    return {row.programme_id: row for row in await session.scalars(keyed_rows)}


async def _newest_draft_of_each(session: AsyncSession) -> dict[str, ProgrammeProposal]:
    keyed_rows = select(ProgrammeProposal).order_by(col(ProgrammeProposal.id))
    return {row.programme_id: row for row in await session.scalars(keyed_rows)}


def _line(version: int, on: date, content: dict[str, str]) -> ProgrammeLine:
    return ProgrammeLine(
        version=version,
        published_on=on,
        **{name: content[name] for name in ("programme_id", "name_ko", "name_en")},
    )
