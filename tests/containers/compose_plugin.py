"""A real `docker compose`: the machine's own, else made from its Go module, once, and kept in the user's cache."""

import os
import shutil
import tempfile
from pathlib import Path

from tests.containers.commands import MINUTES, run
from tests.containers.engine import NoEngine
from tools.devstack.jars import KAFKA as JARS

VERSION = "v2.40.3"
MODULE = "github.com/docker/compose/v2"
MAIN = f'package main\n\nimport _ "{MODULE}/cmd/compose"\n\nfunc main() {{}}\n'
GO_MOD = f"module ieum/compose\n\ngo 1.24\n\nrequire {MODULE} {VERSION}\n"
STAMP = f"-s -w -X {MODULE}/internal.Version={VERSION}"


def compose_command(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The words that start it, and their environment; raises NoEngine where there is none to be had."""
    if shutil.which("docker") is None:
        raise NoEngine("there is no `docker` command")
    if "v2" in run("docker", "compose", "version", may_fail=True):
        return ["docker", "compose"], {}
    plugins = folder / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(_built())
    return ["docker", "compose"], {"DOCKER_CONFIG": str(folder)}


def _built() -> Path:
    kept = JARS.folder.parent / "containers" / f"docker-compose-{VERSION}"
    if not kept.exists():
        if shutil.which("go") is None:
            raise NoEngine("there is no `docker compose`, and no Go to make it with")
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            _build(Path(folder)).rename(kept)
    return kept


def _build(folder: Path) -> Path:
    (folder / "go.mod").write_text(GO_MOD)
    (folder / "main.go").write_text(MAIN)
    go = {**os.environ, "CGO_ENABLED": "0"}
    run("go", "mod", "tidy", folder=folder, environment=go)
    made = folder / "docker-compose"
    build = ("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", STAMP, "-o", made, f"{MODULE}/cmd")
    run(*build, folder=folder, environment=go, seconds=25 * MINUTES)
    return made
