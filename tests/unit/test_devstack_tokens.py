"""The demo's issuer and the lists that must agree."""

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


def test_a_token_is_proven_by_the_published_key_and_says_who_and_what(tmp_path: Path) -> None:
    state = State(tmp_path)
    token = tokens.mint(state, "officer-1", ["officer", "approver"], minutes=5)

    keys = KeySet.import_key_set(json.loads(tokens.jwks_file(state).read_text()))
    claims = jwt.decode(token, keys, algorithms=[tokens.ALGORITHM]).claims

    assert (claims["iss"], claims["aud"], claims["sub"]) == ("ieum-demo", "ieum", "officer-1")
    assert claims["roles"] == ["officer", "approver"]
    assert claims["exp"] - claims["iat"] == 300


def test_a_token_can_be_older_than_now(tmp_path: Path) -> None:
    state = State(tmp_path)
    token = tokens.mint(state, "officer-1", ["officer"], minutes=5, old_minutes=10)

    keys = KeySet.import_key_set(json.loads(tokens.jwks_file(state).read_text()))
    claims = jwt.decode(token, keys, algorithms=[tokens.ALGORITHM]).claims

    assert claims["exp"] - claims["iat"] == 900


def test_a_token_of_another_state_folder_is_not_proven(tmp_path: Path) -> None:
    ours, theirs = State(tmp_path / "ours"), State(tmp_path / "theirs")
    ours.folder.mkdir()
    theirs.folder.mkdir()
    token = tokens.mint(theirs, "officer-1", ["officer"])

    keys = KeySet.import_key_set(json.loads(tokens.jwks_file(ours).read_text()))

    with pytest.raises(InvalidKeyIdError):
        jwt.decode(token, keys, algorithms=[tokens.ALGORITHM])


def test_secrets_and_the_private_key_are_for_their_owner_alone(tmp_path: Path) -> None:
    state = State(tmp_path)

    state.secrets()
    public = tokens.jwks_file(state).read_text()

    for name in ("secrets.json", "issuer.json"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert '"d"' not in public


def test_the_services_have_a_schema_each_and_no_timer_runs_where_it_is_left_out() -> None:
    sql = roles.INIT.read_text(encoding="utf-8")
    processes = plan(SERVICES, split=True, timer=False, pleasant=False)

    assert [one.name for one in SERVICES] == list(roles.SERVICES)
    assert f"ARRAY[{', '.join(repr(name) for name in roles.SERVICES)}]" in sql
    assert "timer" not in {role for one in processes for role in one.roles}
    assert len({one.port for one in processes}) == len(processes)
