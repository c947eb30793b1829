"""The Unix user of PostgreSQL when we are root: the server refuses to run as root.

As root the server runs as `nobody`: in place where that user can reach the files, below /var/lib/ieum where it
cannot (a clone in /root). Any other user runs the server as themselves, in the state folder.
"""

import hashlib
import os
import pwd
import subprocess
from functools import cache
from pathlib import Path

from tools.devstack.errors import StackError
from tools.devstack.processes import UnixUser

SHARED_FOLDER = Path("/var/lib/ieum")


@cache
def server_user() -> UnixUser | None:
    """Return the user that the server runs as when we are root, None when we are not; raises StackError."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
        user = UnixUser(nobody.pw_uid, nobody.pw_gid)
        _test_as(user, "-d", Path("/"))
    except (KeyError, OSError) as failure:
        raise StackError(
            "PostgreSQL은 root로 실행되지 않으며, 'nobody' 계정으로 바꿀 수도 없습니다. 일반 사용자로 실행하십시오.\n"
            f"  PostgreSQL refuses root, and switching to 'nobody' failed ({failure}). Run this as a plain user."
        ) from failure
    return user


def is_accessible(path: Path) -> bool:
    """Return whether the server's user can execute the file or enter the folder at `path`."""
    user = server_user()
    return user is None or _test_as(user, "-x", path)


def accessible_folder(folder: Path) -> Path:
    """Return the folder itself where the server's user can enter it, its counterpart in /var/lib/ieum where it cannot."""
    return (
        folder
        if is_accessible(folder)
        else shared_folder(hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16])
    )


def shared_folder(name: str = "") -> Path:
    """Return a folder below /var/lib/ieum that every user can enter, independent of root's umask."""
    folder = SHARED_FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in {SHARED_FOLDER, folder}:
        path.chmod(0o755)
    return folder


def _test_as(user: UnixUser, test: str, path: Path) -> bool:
    """Run `test` as that user: permissions, access control lists and mounts all count."""
    command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
    tested = subprocess.run(command, user=user.uid, group=user.gid, extra_groups=[], cwd="/", check=False)
    return tested.returncode == 0
