"""Idempotency keys: the same key gets the same response, and is refused with another body; responses never expire.

The key is claimed in the command's own transaction: a second request with it waits for the first one, and a failed
command leaves no key behind, so that it can be retried with the same key.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import DateTime, func
from sqlmodel import Field

from shared.database.tables import SharedTable
from shared.database.transaction import Transaction
from shared.errors import BusinessError

CLAIM = """
    insert into idempotency_key (principal, key, fingerprint, status, body) values ($1, $2, $3, 0, ''::bytea)
    on conflict do nothing returning 1
"""
STORED = "select fingerprint, status, body from idempotency_key where principal = $1 and key = $2"
STORE = "update idempotency_key set status = $3, body = $4 where principal = $1 and key = $2"
MAX_KEY_LENGTH = 255


class KeyReused(BusinessError):
    """The key was used for another request before."""


class IdempotentResponse(SharedTable, table=True):
    """Response that was sent for a caller's key; `principal` is empty for callers without a token."""

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
    """Return a digest of the request, by which a repetition is recognised."""
    return sha256(b"\n".join([method.encode(), path.encode(), body])).digest()


async def claim(
    transaction: Transaction, principal: str, key: str, request_fingerprint: bytes
) -> tuple[int, bytes] | None:
    """Claim the key in the caller's transaction; return the stored (status, body) of an earlier request, None for a new key.

    Raises KeyReused where the key was used for a request with another fingerprint.
    """
    if await transaction.fetch(CLAIM, principal, key, request_fingerprint):
        return None
    [(stored_fingerprint, status, body)] = await transaction.fetch(STORED, principal, key)
    if bytes(stored_fingerprint) != request_fingerprint:
        raise KeyReused(
            "idempotency_key_reused",
            ko="같은 Idempotency-Key로 다른 내용이 왔습니다. 처음 요청만 처리했습니다. 새 키로 다시 보내세요.",
            en="This Idempotency-Key was used for another request; only that one counts. Send this one with a new key.",
        )
    return status, bytes(body)


async def store(transaction: Transaction, principal: str, key: str, status: int, body: Any) -> None:
    """Store the response of a claimed key."""
    await transaction.fetch(STORE, principal, key, status, bytes(body))
