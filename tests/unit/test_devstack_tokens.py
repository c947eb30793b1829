"""The demo's token issuer, and agreement of the lists of services."""

import json
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet

from deploy.postgres import roles
from tools.devstack import tokens
from tools.devstack.services import SERVICES, plan
from tools.devstack.state import State


def test_token_is_verified_by_the_published_key_and_carries_subject_and_roles(tmp_path: Path) -> None:
    state = State(tmp_path)
    token = tokens.mint(state, "officer-1", ["officer", "approver"], minutes=5)

    keys = KeySet.import_key_set(json.loads(tokens.jwks_file(state).read_text()))
    claims = jwt.decode(token, keys, algorithms=[tokens.ALGORITHM]).claims

    assert (claims["iss"], claims["aud"], claims["sub"]) == ("ieum-demo", "ieum", "officer-1")
    assert claims["roles"] == ["officer", "approver"]
    assert claims["exp"] - claims["iat"] == 300


def test_token_can_be_issued_in_the_past(tmp_path: Path) -> None:
    state = State(tmp_path)
    token = tokens.mint(state, "officer-1", ["officer"], minutes=5, age_minutes=10)

    keys = KeySet.import_key_set(json.loads(tokens.jwks_file(state).read_text()))
    claims = jwt.decode(token, keys, algorithms=[tokens.ALGORITHM]).claims

    assert claims["exp"] - claims["iat"] == 900


def test_token_of_another_state_folder_is_not_verified(tmp_path: Path) -> None:
    ours, theirs = State(tmp_path / "ours"), State(tmp_path / "theirs")
    ours.folder.mkdir()
    theirs.folder.mkdir()
    token = tokens.mint(theirs, "officer-1", ["officer"])

    keys = KeySet.import_key_set(json.loads(tokens.jwks_file(ours).read_text()))

    with pytest.raises(InvalidKeyIdError):
        jwt.decode(token, keys, algorithms=[tokens.ALGORITHM])


def test_secrets_and_private_key_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    state = State(tmp_path)

    state.secrets()
    public = tokens.jwks_file(state).read_text()

    for name in ("secrets.json", "issuer.json"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert '"d"' not in public


def test_every_service_has_a_schema_and_no_timer_runs_when_left_out() -> None:
    sql = roles.INIT.read_text(encoding="utf-8")
    processes = plan(SERVICES, split=True, timer=False, preferred_ports=False)

    assert [service.name for service in SERVICES] == list(roles.SERVICES)
    assert f"ARRAY[{', '.join(repr(name) for name in roles.SERVICES)}]" in sql
    assert "timer" not in {role for process in processes for role in process.roles}
    assert len({process.port for process in processes}) == len(processes)
