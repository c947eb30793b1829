"""Settings: each stands in docs/settings.md, .env.example and docker-compose.yml, with its default."""

import re

import pytest
import yaml

from services.monitoring.settings import MonitoringSettings
from services.notifications.settings import NotificationsSettings
from shared.config import Settings
from shared.values import clock
from tests.sources import ROOT

CLASSES = (Settings, MonitoringSettings, NotificationsSettings)
NAMES = {f"IEUM_{field.upper()}" for cls in CLASSES for field in cls.model_fields} | {clock.DATE, clock.FILE}
SET_BY_THE_IMAGE = {"IEUM_HOST", "IEUM_PORT"}
SET_BY_COMPOSE = {"IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP"} | SET_BY_THE_IMAGE


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert set(re.findall(r"`(IEUM_\w+)`", text("docs/settings.md"))) == NAMES


def test_every_setting_is_in_the_environment_of_compose() -> None:
    services = yaml.safe_load(text("docker-compose.yml"))["services"].values()
    passed = {name for service in services for name in service.get("environment", {})}

    assert NAMES - passed == SET_BY_THE_IMAGE
    assert all(f"{name}=" in text("deploy/Dockerfile") for name in SET_BY_THE_IMAGE)


def test_every_setting_is_in_the_example_of_the_environment() -> None:
    example = set(re.findall(r"^(?:# )?(IEUM_\w+)=", text(".env.example"), re.MULTILINE))

    assert NAMES - example == SET_BY_COMPOSE


@pytest.mark.parametrize("cls", CLASSES)
def test_documented_defaults_are_those_of_the_code(cls: type[Settings]) -> None:
    rows = dict(re.findall(r"^\| `(IEUM_\w+)` \| (.*?) \|", text("docs/settings.md"), re.MULTILINE))
    defaults = {f"IEUM_{name.upper()}": field.default for name, field in cls.model_fields.items()}

    shown = {name: "–" if value in (None, "") else str(value) for name, value in defaults.items()}

    assert {name: rows[name] for name in shown if name in rows} == {
        n: v for n, v in shown.items() if n in rows
    }
