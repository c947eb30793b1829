"""Folder of an installed package, without running its code."""

from importlib.util import find_spec
from pathlib import Path

from tools.devstack.errors import StackError


def package_folder(name: str) -> Path:
    """Return the folder of an installed package; raises StackError when it is not installed."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise StackError(
            f"파이썬 패키지 {name}이(가) 설치되어 있지 않습니다. make setup을 실행하십시오.\n"
            f"  The Python package {name} is not installed: run make setup."
        )
    return Path(spec.origin).parent
