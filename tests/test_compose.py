"""docker-compose.yml follows the compose specification and says what tools/devstack says; the image is what it needs."""

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
from deploy.postgres.roles import app_role, owner_role
from shared.config import Settings
from shared.observability import metrics
from shared.values.calendar import PIN
from tests.databases import PASSWORDS
from tests.sources import ROOT
from tests.stack import kafka_bootstrap, postgres_url
from tools.devstack.inbox.settings import Settings as InboxSettings
from tools.devstack.services import SERVICES

SPECIFICATION = "builtin_schemas/vendor/compose-spec.json"  # as the package check-jsonschema ships it
VARIABLE = re.compile(r"\$\{(\w+)(?P<how>:\?|:-)?(?P<said>[^}]*)\}")
DONE, HEALTHY = "service_completed_successfully", "service_healthy"
NAMES = [one.name for one in SERVICES]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return dict(compose["services"])


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in services.items() if "build" in one}


def jobs(services: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in services.items() if one.get("healthcheck", {}).get("disable")}


def needs(service: dict[str, Any]) -> dict[str, str]:
    return {name: one["condition"] for name, one in service.get("depends_on", {}).items()}


def template() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.removeprefix("# ").partition("=") for line in lines if re.match(r"(# )?IEUM_\w+=", line)]
    return {name: value for name, _, value in pairs}


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    package = find_spec("check_jsonschema")
    if package is None or package.origin is None:
        pytest.skip("the package check-jsonschema, which ships the specification's schema, is not installed")
    schema = json.loads((Path(package.origin).parent / SPECIFICATION).read_text(encoding="utf-8"))

    problems = list(jsonschema.Draft202012Validator(schema).iter_errors(compose))

    assert [f"{'.'.join(map(str, one.path))}: {one.message}" for one in problems] == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_a_service_is_one_container_with_the_roles_of_the_embedded_stack(
    services: dict[str, Any], service: Any
) -> None:
    here = services[service.name]

    assert here["command"] == [service.module, *service.roles]
    assert needs(here) | {"inbox": HEALTHY} == {
        f"{service.name}-migrate": DONE,
        "topics": DONE,
        "inbox": HEALTHY,
    }
    assert here["ports"][0].endswith(f":-{service.preferred_port}}}:8000")


@pytest.mark.parametrize("name", NAMES)
def test_only_the_migrating_job_runs_as_the_schemas_owner(services: dict[str, Any], name: str) -> None:
    job, service = services[f"{name}-migrate"], services[name]

    assert job["command"] == [f"services.{name}", "migrate"]
    assert needs(job) == {"roles": DONE}
    assert f"//{owner_role(name)}:${{{owner_role(name).upper()}_PASSWORD}}@" in str(job["environment"])
    assert f"//{app_role(name)}:${{{app_role(name).upper()}_PASSWORD}}@" in str(service["environment"])
    assert "OWNER" not in str(service["environment"])


def test_servers_come_first_then_jobs_then_services(services: dict[str, Any]) -> None:
    assert needs(services["postgres"]) == needs(services["kafka"]) == {}
    assert needs(services["roles"]) == {"postgres": HEALTHY}
    assert needs(services["topics"]) == {"kafka": HEALTHY}
    assert needs(services["notifications"])["inbox"] == HEALTHY
    assert set(services) == {
        *("postgres", "kafka", "roles", "topics", "inbox", "prometheus", "grafana"),
        *(f"{name}{part}" for name in NAMES for part in ("", "-migrate")),
    }


def test_what_is_waited_for_can_be_waited_for(services: dict[str, Any]) -> None:
    for name, one in services.items():
        for other, condition in needs(one).items():
            health = services[other].get("healthcheck", {})
            ends = other in jobs(services)
            assert (condition == DONE) == ends, f"{name} waits for {other}"
            assert ends or health["test"], other


def test_a_container_of_ours_is_asked_whether_it_is_ready_as_its_image_is(services: dict[str, Any]) -> None:
    image = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    [asked] = re.findall(r"^HEALTHCHECK .*?CMD (\[.*\])$", image, re.MULTILINE)

    for name, one in ours(services).items():
        if name not in jobs(services):
            assert one["healthcheck"]["test"] == ["CMD", *json.loads(asked)], name
            assert "/readyz" in one["healthcheck"]["test"][-1]


def test_what_runs_of_ours_can_change_nothing_but_its_volume(services: dict[str, Any]) -> None:
    image = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"^USER (\S+)$", image, re.MULTILINE)[-1] == "10001"
    for one in ours(services).values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in one


def test_nothing_is_open_beyond_this_machine(services: dict[str, Any]) -> None:
    ports = [port for one in services.values() for port in one.get("ports", [])]

    assert len(ports) == len(set(ports)) == 8
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in services["postgres"]


def test_what_is_named_is_declared(compose: dict[str, Any], services: dict[str, Any]) -> None:
    configs = {one["source"] for service in services.values() for one in service.get("configs", [])}
    mounts = [one.split(":")[0] for service in services.values() for one in service.get("volumes", [])]
    files = [one for one in mounts if one.startswith("./")] + [compose["configs"]["prometheus"]["file"]]

    assert configs == set(compose["configs"])
    assert {one for one in mounts if not one.startswith("./")} == set(compose["volumes"])
    assert [one for one in files if not (ROOT / one).exists()] == []


@pytest.mark.parametrize("name", [*NAMES, "inbox"])
def test_every_setting_is_one_that_the_program_reads(services: dict[str, Any], name: str) -> None:
    fields = InboxSettings.model_fields if name == "inbox" else Settings.model_fields
    known = {f"IEUM_{field.upper()}" for field in fields} | {PIN}

    assert set(services[name]["environment"]) <= known


def test_a_password_that_is_not_set_is_refused_and_the_example_lists_it(compose: dict[str, Any]) -> None:
    found = list(VARIABLE.finditer(yaml.safe_dump(compose, width=10_000, allow_unicode=True)))
    demanded = {one[1] for one in found if one["how"] == ":?"}
    defaulted = {one[1] for one in found if one["how"] == ":-"}

    assert {one[1] for one in found if one["how"] is None} <= demanded
    assert not {one for one in defaulted if re.search("PASSWORD|SECRET|KEY", one)}
    assert demanded == {name for name in template() if not name.endswith("_URL")}
    assert all(one["said"].endswith("see .env.example") for one in found if one["how"] == ":?")
    assert {name for name in template() if name.endswith("_URL")} <= defaulted


def test_the_roles_job_is_told_every_password_that_it_asks_for(services: dict[str, Any]) -> None:
    given = services["roles"]["environment"]

    assert set(passwords(given)) == {role(name) for name in NAMES for role in (app_role, owner_role)}
    with pytest.raises(KeyError, match="IEUM_FUNDING_PASSWORD"):
        passwords({**given, "IEUM_FUNDING_PASSWORD": ""})


def test_the_examples_own_command_makes_an_env_with_fresh_passwords(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    [command] = re.findall(r"^#   (sh -c .*)$", example, re.MULTILINE)
    (tmp_path / ".env.example").write_text(example, encoding="utf-8")

    subprocess.run(command, shell=True, cwd=tmp_path, check=True, env={"PATH": os.environ["PATH"]})

    made = (tmp_path / ".env").read_text(encoding="utf-8")
    assert [line for line in made.splitlines() if not re.fullmatch(r"(#.*|\w+=.*)?", line)] == []
    secrets = re.findall(r"^IEUM_\w+(?:PASSWORD|KEY|SECRET)=(.*)$", made, re.MULTILINE)
    assert len(secrets) == len(set(secrets)) == 12
    assert all(re.fullmatch("[0-9a-f]{48}", one) for one in secrets)


def test_the_image_gets_what_a_server_needs_in_the_versions_that_are_tested() -> None:
    """Where it is red: make requirements-server.lock anew, as the others, with `--extra server -c requirements.lock`."""
    server, whole = (locked(name) for name in ("requirements-server.lock", "requirements.lock"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["server"]]

    assert server.items() <= whole.items()
    assert {re.split(r"[\[;]", one)[0] for one in needed} <= server.keys()
    assert set(project["optional-dependencies"]["server"]) <= set(project["optional-dependencies"]["local"])


def locked(name: str) -> dict[str, str]:
    """Version and hashes of each package."""
    pins = re.split(r"^(?=[a-z])", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {pin.partition("==")[0]: pin.partition("==")[2].strip() for pin in pins if pin}


def test_prometheus_asks_every_service_and_grafana_shows_metrics_that_there_are() -> None:
    folder = ROOT / "deploy/observability"
    scraped = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    board = (folder / "grafana/dashboards/ieum.json").read_text(encoding="utf-8")
    kept = [
        one for one in vars(metrics).values() if isinstance(one, prometheus_client.metrics.MetricWrapperBase)
    ]
    known = {name.name for one in kept for name in one.collect()}

    [targets] = [one["targets"] for job in scraped for one in job["static_configs"]]
    shown = set(re.findall(r"ieum_\w+", board))

    assert sorted(targets) == sorted(f"{name}:8000" for name in NAMES)
    assert {re.sub("_(total|bucket)$", "", one) for one in shown} <= known
    assert len(shown) > 5


def test_the_job_of_the_roles_can_run_as_often_as_the_stack_starts() -> None:
    given = {f"{role.upper()}_PASSWORD": password for role, password in PASSWORDS.items()}
    environment = {**os.environ, **given, "IEUM_DATABASE_URL": postgres_url()}

    first, second = (run_job("deploy.postgres", environment) for _ in range(2))
    without = run_job("deploy.postgres", {**environment, "IEUM_FUNDING_PASSWORD": ""})

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert (without.returncode, "IEUM_FUNDING_PASSWORD" in without.stderr) == (1, True)


@pytest.mark.connected
def test_the_job_of_the_topics_can_run_as_often_as_the_stack_starts() -> None:
    done = run_job("deploy.kafka", {**os.environ, "IEUM_KAFKA_BOOTSTRAP": kafka_bootstrap()})

    assert (done.returncode, done.stdout) == (0, "topics made: none, all were there\n"), done.stderr


def run_job(module: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", module]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
