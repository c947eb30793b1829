"""Root's PostgreSQL: the server refuses to run as root, and root's home is closed to anyone else.

So as root it runs as `nobody`, in place where that account can reach the files, below /var/lib/ieum where it
cannot (a clone in /root). Anyone else runs it as themselves, in the state folder.
"""

import hashlib
import os
import pwd
import subprocess
from functools import cache
from pathlib import Path

from tools.devstack.errors import StackError
from tools.devstack.processes import Account

OUTSIDE = Path("/var/lib/ieum")


@cache
def unprivileged() -> Account | None:
    """Return the account that the server runs as when we are root, None when we are not."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
        account = Account(nobody.pw_uid, nobody.pw_gid)
        _can(account, "-d", Path("/"))
    except (KeyError, OSError) as failure:
        raise StackError(
            "PostgreSQL은 root로 실행되지 않으며, 'nobody' 계정으로 바꿀 수도 없습니다. 일반 사용자로 실행하십시오.\n"
            f"  PostgreSQL refuses root, and switching to 'nobody' failed ({failure}). Run this as a plain user."
        ) from failure
    return account


def reaches(path: Path) -> bool:
    """Tell whether the server's account can use what lies at `path`."""
    account = unprivileged()
    return account is None or _can(account, "-x", path)


def folder_within_reach(folder: Path) -> Path:
    """Return the folder itself where the server's account can go through it, its stand-in where it cannot."""
    return (
        folder
        if reaches(folder)
        else outside(hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16])
    )


def outside(name: str = "") -> Path:
    """Return a folder below /var/lib/ieum that everyone can go through, whatever root's umask says."""
    folder = OUTSIDE / name
    folder.mkdir(parents=True, exist_ok=True)
    for one in {OUTSIDE, folder}:
        one.chmod(0o755)
    return folder


def _can(account: Account, test: str, path: Path) -> bool:
    """Ask as that account: permissions, access lists and mounts all have a say."""
    command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
    asked = subprocess.run(
        command, user=account.uid, group=account.gid, extra_groups=[], cwd="/", check=False
    )
    return asked.returncode == 0
