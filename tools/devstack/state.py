"""The state folder: everything that outlives a run."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.postgres import roles
from tools.devstack.business_clock import BusinessClock
from tools.devstack.errors import StackError


@dataclass(frozen=True)
class Secrets:
    """Random values generated at the first start; never printed, readable by their owner alone."""

    admin: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    roles: dict[str, str] = field(default_factory=roles.new_passwords)
    sms_api_key: str = field(default_factory=lambda: f"IEUM{secrets.token_hex(6)}")
    sms_api_secret: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True)
class State:
    """Paths below one state folder, by default `.ieum` in the checkout."""

    folder: Path

    @property
    def logs(self) -> Path:
        """Return the folder of the log files, one a process."""
        return self.folder / "logs"

    @property
    def processes(self) -> Path:
        """Return the file with the identities of the running processes."""
        return self.folder / "processes.json"

    @property
    def status(self) -> Path:
        """Return the file with the addresses and the status of every process."""
        return self.folder / "status.json"

    @property
    def business_clock(self) -> BusinessClock:
        """Return the clock that a demo's player moves."""
        return BusinessClock(self.folder / "business-clock")

    def secrets(self) -> Secrets:
        """Return the secrets, generated at the first call; a role added since then gets its password now."""
        file = self.folder / "secrets.json"
        stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if missing := roles.new_passwords().keys() - stored.get("roles", {}).keys():
            new = asdict(Secrets())
            passwords = {role: new["roles"][role] for role in missing}
            stored = {**new, **stored, "roles": {**stored.get("roles", {}), **passwords}}
            write_private(file, json.dumps(stored, indent=2))
        return Secrets(**stored)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for one stack; raises StackError when another one runs on it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.folder.chmod(0o711)  # root's database runs as another user, which must be able to enter
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as failure:
                raise StackError(
                    f"이 상태 폴더에서 이미 실행 중입니다: {self.folder}. ieum status로 보고 ieum down으로 끝내십시오.\n"
                    "  Ieum already runs on this state folder: see `ieum status`, end it with `ieum down`, or use --state."
                ) from failure
            yield


def state_at(folder: Path | None = None) -> State:
    """Return the state folder: `folder`, else that of IEUM_STATE, else `.ieum` in the checkout."""
    chosen = folder or os.environ.get("IEUM_STATE") or Path(__file__).parents[2] / ".ieum"
    return State(Path(chosen).resolve())


def write_private(file: Path, text: str) -> None:
    """Write a file atomically, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.draft")
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(text)
    temporary.replace(file)
