"""docker-compose.yml follows the compose specification and agrees with tools/devstack; the image has the server's packages."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import prometheus_client
import pytest
import yaml

from deploy.postgres.__main__ import passwords
from deploy.postgres.roles import AUDIT_ROLE, app_role, owner_role
from services.monitoring.settings import MonitoringSettings
from services.notifications.settings import NotificationsSettings
from shared.config import Settings
from shared.observability import metrics
from shared.values.clock import DATE, FILE
from tests.databases import PASSWORDS
from tests.sources import ROOT
from tests.stack import kafka_bootstrap, postgres_url
from tools.devstack.inbox.settings import Settings as InboxSettings
from tools.devstack.services import SERVICES

SPECIFICATION = "builtin_schemas/vendor/compose-spec.json"  # as the package check-jsonschema ships it
VARIABLE = re.compile(r"\$\{(\w+)(?P<how>:\?|:-)?(?P<text>[^}]*)\}")
DONE, HEALTHY = "service_completed_successfully", "service_healthy"
NAMES = [service.name for service in SERVICES]
ON_DEMAND = {
    "audit": (["tools.cli", "audit"], AUDIT_ROLE),
    "monitoring-rebuild": (["services.monitoring", "rebuild"], owner_role("monitoring")),
}
SETTINGS: dict[str, type[Settings]] = {
    "monitoring": MonitoringSettings,
    "notifications": NotificationsSettings,
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return dict(compose["services"])


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if "build" in service}


def jobs(services: dict[str, Any]) -> dict[str, Any]:
    return {
        name: service for name, service in services.items() if service.get("healthcheck", {}).get("disable")
    }


def needs(service: dict[str, Any]) -> dict[str, str]:
    return {name: dependency["condition"] for name, dependency in service.get("depends_on", {}).items()}


def template() -> dict[str, str]:
    """Return the variables of .env.example that must be set; those in comments are optional."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if re.match(r"IEUM_\w+=", line)]
    return {name: value for name, _, value in pairs}


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    package = find_spec("check_jsonschema")
    if package is None or package.origin is None:
        pytest.skip("the package check-jsonschema, which ships the specification's schema, is not installed")
    schema = json.loads((Path(package.origin).parent / SPECIFICATION).read_text(encoding="utf-8"))

    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(compose))

    assert [f"{'.'.join(map(str, error.path))}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_is_one_container_with_the_roles_of_the_embedded_stack(
    services: dict[str, Any], service: Any
) -> None:
    container = services[service.name]

    assert container["command"] == [service.module, *service.roles]
    assert needs(container) | {"inbox": HEALTHY} == {
        f"{service.name}-migrate": DONE,
        "topics": DONE,
        "inbox": HEALTHY,
    }
    assert container["ports"][0].endswith(f":-{service.preferred_port}}}:8000")


@pytest.mark.parametrize("name", NAMES)
def test_only_the_migrate_job_runs_as_the_schemas_owner(services: dict[str, Any], name: str) -> None:
    job, service = services[f"{name}-migrate"], services[name]

    assert job["command"] == [f"services.{name}", "migrate"]
    assert needs(job) == {"roles": DONE}
    assert f"//{owner_role(name)}:${{{owner_role(name).upper()}_PASSWORD}}@" in str(job["environment"])
    assert f"//{app_role(name)}:${{{app_role(name).upper()}_PASSWORD}}@" in str(service["environment"])
    assert "OWNER" not in str(service["environment"])


def test_servers_start_first_then_jobs_then_services(services: dict[str, Any]) -> None:
    assert needs(services["postgres"]) == needs(services["kafka"]) == {}
    assert needs(services["roles"]) == {"postgres": HEALTHY}
    assert needs(services["topics"]) == {"kafka": HEALTHY}
    assert needs(services["notifications"])["inbox"] == HEALTHY
    assert set(services) == {
        *("postgres", "kafka", "roles", "topics", "inbox", "prometheus", "grafana"),
        *(f"{name}{part}" for name in NAMES for part in ("", "-migrate")),
        *ON_DEMAND,
    }


def test_jobs_on_demand_start_only_when_asked_for(services: dict[str, Any]) -> None:
    for name, (command, role) in ON_DEMAND.items():
        job = services[name]
        assert job["profiles"]
        assert job["restart"] == "no"
        assert job["command"] == command
        assert f"//{role}:${{{role.upper()}_PASSWORD}}@" in job["environment"]["IEUM_DATABASE_URL"]


def test_every_awaited_container_has_a_health_check_or_ends(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, condition in needs(service).items():
            health = services[other].get("healthcheck", {})
            ends = other in jobs(services)
            assert (condition == DONE) == ends, f"{name} waits for {other}"
            assert ends or health["test"], other


def test_our_containers_have_the_health_check_of_the_image(services: dict[str, Any]) -> None:
    image = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    [command] = re.findall(r"^HEALTHCHECK .*?CMD (\[.*\])$", image, re.MULTILINE)

    for name, service in ours(services).items():
        if name not in jobs(services):
            assert service["healthcheck"]["test"] == ["CMD", *json.loads(command)], name
            assert "/readyz" in service["healthcheck"]["test"][-1]


def test_our_containers_can_write_to_their_volumes_only(services: dict[str, Any]) -> None:
    image = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"^USER (\S+)$", image, re.MULTILINE)[-1] == "10001"
    for service in ours(services).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in service


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]

    assert len(ports) == len(set(ports)) == 8
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in services["postgres"]


def test_every_config_and_volume_in_use_is_declared(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    configs = {config["source"] for service in services.values() for config in service.get("configs", [])}
    volumes = [volume for service in services.values() for volume in service.get("volumes", [])]
    mounts = [VARIABLE.sub(r"\g<text>", volume).split(":")[0] for volume in volumes]
    files = [mount for mount in mounts if mount.startswith("./")] + [compose["configs"]["prometheus"]["file"]]

    assert configs == set(compose["configs"])
    assert {mount for mount in mounts if not mount.startswith("./")} == set(compose["volumes"])
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("name", [*NAMES, "inbox"])
def test_every_setting_is_read_by_the_program(services: dict[str, Any], name: str) -> None:
    fields = (InboxSettings if name == "inbox" else SETTINGS.get(name, Settings)).model_fields
    known = {f"IEUM_{field.upper()}" for field in fields} | {DATE, FILE}

    assert set(services[name]["environment"]) <= known


def test_missing_passwords_are_refused_and_the_example_lists_them(compose: dict[str, Any]) -> None:
    variables = list(VARIABLE.finditer(yaml.safe_dump(compose, width=10_000, allow_unicode=True)))
    required = {variable[1] for variable in variables if variable["how"] == ":?"}
    optional = {variable[1] for variable in variables if variable["how"] == ":-"}

    assert {variable[1] for variable in variables if variable["how"] is None} <= required
    assert not {name for name in optional if re.search("PASSWORD|SECRET|KEY", name)}
    assert required == set(template())
    assert all(
        variable["text"].endswith("see .env.example") for variable in variables if variable["how"] == ":?"
    )
    assert {"IEUM_SMTP_URL", "IEUM_SMS_URL"} <= optional


def test_the_roles_job_receives_every_password_that_it_reads(services: dict[str, Any]) -> None:
    given = services["roles"]["environment"]

    service_roles = {role(name) for name in NAMES for role in (app_role, owner_role)}
    assert set(passwords(given)) == service_roles | {AUDIT_ROLE}
    with pytest.raises(KeyError, match="IEUM_FUNDING_PASSWORD"):
        passwords({**given, "IEUM_FUNDING_PASSWORD": ""})


def test_the_examples_command_writes_an_env_file_with_new_passwords(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    [command] = re.findall(r"^#   (sh -c .*)$", example, re.MULTILINE)
    (tmp_path / ".env.example").write_text(example, encoding="utf-8")

    subprocess.run(command, shell=True, cwd=tmp_path, check=True, env={"PATH": os.environ["PATH"]})

    written = (tmp_path / ".env").read_text(encoding="utf-8")
    assert [line for line in written.splitlines() if not re.fullmatch(r"(#.*|\w+=.*)?", line)] == []
    secrets = re.findall(r"^IEUM_\w+(?:PASSWORD|KEY|SECRET)=(.*)$", written, re.MULTILINE)
    assert len(secrets) == len(set(secrets)) == 13
    assert all(re.fullmatch("[0-9a-f]{48}", secret) for secret in secrets)


def test_the_image_has_the_servers_packages_in_the_tested_versions() -> None:
    """Remedy: lock requirements-server.lock again like the others, with `--extra server -c requirements.lock`."""
    server, local = (locked(name) for name in ("requirements-server.lock", "requirements.lock"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["server"]]

    assert server.items() <= local.items()
    assert {re.split(r"[\[;]", requirement)[0] for requirement in needed} <= server.keys()
    assert set(project["optional-dependencies"]["server"]) <= set(project["optional-dependencies"]["local"])


def locked(name: str) -> dict[str, str]:
    """Return version and hashes of each locked package."""
    pins = re.split(r"^(?=[a-z])", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {pin.partition("==")[0]: pin.partition("==")[2].strip() for pin in pins if pin}


def test_prometheus_scrapes_every_service_and_grafana_shows_existing_metrics() -> None:
    folder = ROOT / "deploy/observability"
    jobs = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    board = (folder / "grafana/dashboards/ieum.json").read_text(encoding="utf-8")
    collectors = [
        metric
        for metric in vars(metrics).values()
        if isinstance(metric, prometheus_client.metrics.MetricWrapperBase)
    ]
    known = {family.name for metric in collectors for family in metric.collect()}

    [targets] = [config["targets"] for job in jobs for config in job["static_configs"]]
    shown = set(re.findall(r"ieum_\w+", board))

    assert sorted(targets) == sorted(f"{name}:8000" for name in NAMES)
    assert {re.sub("_(total|bucket)$", "", name) for name in shown} <= known
    assert len(shown) > 5


def test_the_roles_job_is_idempotent() -> None:
    given = {f"{role.upper()}_PASSWORD": password for role, password in PASSWORDS.items()}
    environment = {**os.environ, **given, "IEUM_DATABASE_URL": postgres_url()}

    first, second = (run_job("deploy.postgres", environment) for _ in range(2))
    without = run_job("deploy.postgres", {**environment, "IEUM_FUNDING_PASSWORD": ""})

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert (without.returncode, "IEUM_FUNDING_PASSWORD" in without.stderr) == (1, True)


@pytest.mark.connected
def test_the_topics_job_is_idempotent() -> None:
    done = run_job("deploy.kafka", {**os.environ, "IEUM_KAFKA_BOOTSTRAP": kafka_bootstrap()})

    assert (done.returncode, done.stdout) == (0, "topics made: none, all were there\n"), done.stderr


def run_job(module: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", module]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
