"""Identity of callers: bearer tokens (JWT), checked against the configured keys, and the roles in them.

OWASP ASVS 5.0 9.1-9.2: algorithms are fixed here, keys come from our file alone, audience and times are checked.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import orjson
import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.config import TokenSettings
from shared.errors import BusinessError, Forbidden

ALGORITHMS = ["Ed25519", "ES256"]
LEEWAY_SECONDS = 60
MAX_CACHED_SIGNATURES = 1_000  # tokens

bearer = HTTPBearer(
    auto_error=False, description="JWT; roles: officer, approver, payer, reviewer, company, operator, auditor"
)


class Unauthenticated(BusinessError):
    """The request has no valid token."""


@dataclass(frozen=True)
class Actor:
    """An identified caller: an opaque id, never a name, and its roles."""

    id: str
    roles: frozenset[str]

    def has(self, *roles: str) -> bool:
        """Return whether the actor has at least one of the roles."""
        return not self.roles.isdisjoint(roles)


class Identity:
    """Validates tokens; without configured keys every token is refused."""

    def __init__(self, settings: TokenSettings) -> None:
        self.keys = KeySet.import_key_set(_read(settings)) if settings.jwks_file else None
        self.claims_registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": settings.token_issuer},
            aud={"essential": True, "value": settings.token_audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        # The same bytes under the same keys have the same signature: it is verified once. A refusal is not cached.
        self.verified_claims = lru_cache(MAX_CACHED_SIGNATURES)(self._verify_signature)

    def actor(self, token: str) -> Actor:
        """Return the token's actor. Raises Unauthenticated for an invalid or expired token."""
        if self.keys is None:
            raise _unauthenticated("열쇠가 설정되지 않았습니다", "no keys are configured")
        try:
            claims = self.verified_claims(token)
            self.claims_registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise _unauthenticated(
                "토큰이 유효하지 않거나 만료되었습니다", "the token is invalid or has expired"
            ) from error
        return Actor(str(claims["sub"]), frozenset(map(str, claims.get("roles", []))))

    def _verify_signature(self, token: str) -> dict[str, Any]:
        """Return the claims of a token with a valid signature; `actor` validates them at every request."""
        assert self.keys is not None
        return jwt.decode(token, self.keys, algorithms=ALGORITHMS).claims

    def principal(self, authorization: str) -> str:
        """Return the owner of the request's idempotency keys: the token's subject, empty without a token.

        Raises Unauthenticated for an invalid token.
        """
        scheme, _, token = authorization.partition(" ")
        return self.actor(token).id if scheme.lower() == "bearer" and token else ""


def _read(settings: TokenSettings) -> Any:
    assert settings.jwks_file is not None
    return orjson.loads(settings.jwks_file.read_bytes())


def _unauthenticated(ko: str, en: str) -> Unauthenticated:
    return Unauthenticated(
        "not_identified", ko=f"{ko}. 다시 로그인하세요.", en=f"Not identified: {en}. Log in again."
    )


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def actor(request: Request, credentials: Credentials) -> Actor:
    """Return the request's actor and bind its id to logs and events. Raises Unauthenticated."""
    if credentials is None:
        raise _unauthenticated("로그인이 필요합니다", "a bearer token is needed")
    caller: Actor = request.app.state.identity.actor(credentials.credentials)
    structlog.contextvars.bind_contextvars(authid=caller.id, authtype="user")
    return caller


def require_role(*roles: str) -> Callable[[Request, Credentials], Awaitable[Actor]]:
    """Return a dependency that returns an actor with one of the roles. It raises Unauthenticated or Forbidden."""

    async def authorised(request: Request, credentials: Credentials) -> Actor:
        caller = await actor(request, credentials)
        if not caller.has(*roles):
            raise Forbidden(
                "role_needed",
                ko=f"이 일은 {', '.join(ROLES_KO.get(role, role) for role in roles)}만 할 수 있습니다. 그 담당자에게 요청하세요.",
                en=f"Only {', '.join(roles)} may do this. Ask one of them.",
            )
        return caller

    return authorised


ROLES_KO = {
    "officer": "담당자(기안)",
    "approver": "재무관",
    "payer": "지출원",
    "reviewer": "평가위원",
    "company": "해당 기업",
    "operator": "운영자",
    "auditor": "감사 담당자",
}
