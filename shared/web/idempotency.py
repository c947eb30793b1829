"""Idempotency-Key: the same key gives the same answer; with another body it is refused. Kept for good.

The key is claimed in the command's own transaction: a second request with it waits for the first one,
and a failed command leaves no key behind, so that it can be tried again.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import DateTime, func
from sqlmodel import Field

from shared.database.engine import Executor, fetch_raw
from shared.database.tables import SharedTable
from shared.errors import BusinessError

CLAIM = """
    insert into idempotency_key (principal, key, fingerprint, status, body) values ($1, $2, $3, 0, ''::bytea)
    on conflict do nothing returning 1
"""
KNOWN = "select fingerprint, status, body from idempotency_key where principal = $1 and key = $2"
STORE = "update idempotency_key set status = $3, body = $4 where principal = $1 and key = $2"
MAX_KEY_LENGTH = 255


class KeyReused(BusinessError):
    """The key was used for another request."""


class IdempotentResponse(SharedTable, table=True):
    """The answer that a key got."""

    __tablename__ = "idempotency_key"

    principal: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes
    status: int
    body: bytes
    answered_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    return sha256(b"\n".join([method.encode(), path.encode(), body])).digest()


async def claim(
    session: Executor, principal: str, key: str, request_fingerprint: bytes
) -> tuple[int, bytes] | None:
    """`asked` is the request's fingerprint. None where the key is new; the kept answer where it is known; KeyUsedOtherwise for another request."""
    if await fetch_raw(session, CLAIM, principal, key, request_fingerprint):
        return None
    [known] = await fetch_raw(session, KNOWN, principal, key)
    if bytes(known[0]) != request_fingerprint:
        raise KeyReused(
            "idempotency_key_reused",
            ko="같은 Idempotency-Key로 다른 내용이 왔습니다. 처음 요청만 처리했습니다. 새 키로 다시 보내세요.",
            en="This Idempotency-Key was used for another request; only that one counts. Send this one with a new key.",
        )
    return known[1], bytes(known[2])


async def store(session: Executor, principal: str, key: str, status: int, body: Any) -> None:
    await fetch_raw(session, STORE, principal, key, status, bytes(body))
