"""The demo's token issuer: a key pair in the state folder, its public key as a JSON Web Key Set for the services."""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tools.devstack.state import State, write_private

ISSUER = "ieum-demo"
AUDIENCE = "ieum"
ALGORITHM = "ES256"


def jwks_file(state: State) -> Path:
    """Return the file with the public key (IEUM_JWKS_FILE), generated at the first call."""
    file = state.folder / "jwks.json"
    if not file.exists():
        public = KeySet([_key(state)]).as_dict(private=False)
        file.write_text(json.dumps(public, indent=2), encoding="utf-8")
    return file


def mint(state: State, subject: str, roles: Iterable[str], minutes: int = 60, age_minutes: int = 0) -> str:
    """Return a bearer token for `subject` with these roles, issued `age_minutes` ago and valid for `minutes` from now."""
    now, key = int(time.time()), _key(state)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "roles": list(roles)}
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, {**claims, "iat": now - 60 * age_minutes, "exp": now + 60 * minutes}, key)


def _key(state: State) -> ECKey:
    file = state.folder / "issuer.json"
    if not file.exists():
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        write_private(file, json.dumps(key.as_dict(private=True)))
    return ECKey.import_key(json.loads(file.read_text(encoding="utf-8")))
