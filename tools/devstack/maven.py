"""Maven artifacts through jgo: the jars of a coordinate, and the download of one."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import requests
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext
from jgo.parse import Endpoint

from tools.devstack.errors import StackError, UnreachableError

ATTEMPTS = 2


def repository() -> str:
    """Return the Maven repository: IEUM_MAVEN_URL for a mirror, Maven Central otherwise."""
    return (os.environ.get("IEUM_MAVEN_URL") or str(MAVEN_CENTRAL_URL)).rstrip("/")


def resolve(coordinates: Iterable[str], folder: Path) -> list[str]:
    """Download the coordinates and their dependencies into `folder`; return the jars' Maven paths."""
    context = _context(folder)
    compiled = [
        replace(coordinate, scope="compile")
        for coordinate in Endpoint.parse("+".join(coordinates)).coordinates
    ]
    inputs, transitive = context.resolver.resolve(
        [context.create_dependency(coordinate) for coordinate in compiled]
    )
    needed = [
        *inputs,
        *(dependency for dependency in transitive if dependency.scope in ("compile", "runtime")),
    ]
    return [Path(dependency.artifact.resolve()).relative_to(folder).as_posix() for dependency in needed]


def download(path: str, folder: Path) -> Path:
    """Download the jar of a Maven path such as org/slf4j/slf4j-api/1.7.36/slf4j-api-1.7.36.jar into `folder`.

    Raises UnreachableError when the repository does not answer, StackError when it answers without the file.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _fetch(path, folder)
        except (requests.RequestException, OSError) as failure:
            (folder / path).unlink(missing_ok=True)  # jgo would take a partial file for a complete one
            if attempt == ATTEMPTS:
                raise _unreachable(failure) from failure
        except RuntimeError as failure:
            raise StackError(
                f"Maven 저장소에 이 파일이 없습니다: {repository()}/{path}\n"
                f"  The Maven repository answers but does not have this file: {failure}"
            ) from failure
    raise AssertionError("a download either returns or raises")


def _fetch(path: str, folder: Path) -> Path:
    *group, artifact, version, _ = PurePosixPath(path).parts
    component = _context(folder).project(".".join(group), artifact).at_version(version)
    return Path(component.artifact().resolve())


def _context(folder: Path) -> Any:
    return MavenContext(repo_cache=folder, local_repos=[], remote_repos={"central": repository()})


def check_reachable() -> None:
    """Request one small file to detect a missing network within seconds; raises UnreachableError."""
    url = f"{repository()}/org/slf4j/slf4j-simple/maven-metadata.xml"
    try:
        answer = requests.head(url, timeout=5, allow_redirects=True)
    except requests.RequestException as failure:
        raise _unreachable(failure) from failure
    if answer.status_code in (403, 407, 429) or answer.status_code >= 500:
        raise _unreachable(f"HTTP {answer.status_code}")


def _unreachable(reason: object) -> UnreachableError:
    return UnreachableError(
        f"Maven 저장소에 닿지 못했습니다 / Maven cannot be reached: {repository()} ({reason})"
    )
