"""A real `docker compose`: the installed one, else built once from its Go module and cached."""

import os
import shutil
import tempfile
from pathlib import Path

from tests.containers.commands import MINUTES, run
from tests.containers.engine import EngineUnavailable
from tools.devstack.jars import KAFKA as JARS

VERSION = "v2.40.3"
MODULE = "github.com/docker/compose/v2"
MAIN = f'package main\n\nimport _ "{MODULE}/cmd/compose"\n\nfunc main() {{}}\n'
GO_MOD = f"module ieum/compose\n\ngo 1.24\n\nrequire {MODULE} {VERSION}\n"
STAMP = f"-s -w -X {MODULE}/internal.Version={VERSION}"


def compose_command(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command of `docker compose` and its environment; raises EngineUnavailable where there is none."""
    if shutil.which("docker") is None:
        raise EngineUnavailable("there is no `docker` command")
    if "v2" in run("docker", "compose", "version", may_fail=True):
        return ["docker", "compose"], {}
    plugins = folder / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(_built())
    return ["docker", "compose"], {"DOCKER_CONFIG": str(folder)}


def _built() -> Path:
    cached = JARS.folder.parent / "containers" / f"docker-compose-{VERSION}"
    if not cached.exists():
        if shutil.which("go") is None:
            raise EngineUnavailable("there is no `docker compose`, and no Go to make it with")
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            _build(Path(folder)).rename(cached)
    return cached


def _build(folder: Path) -> Path:
    (folder / "go.mod").write_text(GO_MOD)
    (folder / "main.go").write_text(MAIN)
    go = {**os.environ, "CGO_ENABLED": "0"}
    run("go", "mod", "tidy", folder=folder, environment=go)
    binary = folder / "docker-compose"
    build = ("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", STAMP, "-o", binary, f"{MODULE}/cmd")
    run(*build, folder=folder, environment=go, seconds=25 * MINUTES)
    return binary
