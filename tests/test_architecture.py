"""The rules that must never slip, as checks; each has been seen to go red once."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import JSON, BigInteger

from shared.events import catalogue
from shared.service import Service
from tests.sources import GENERATED, ROOT, files, imported, method_calls, modules, numbers, strings, texts

SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/main.py"))
MESSAGING = Path("shared/messaging")
PROJECTIONS = Path("shared/projections")

DATABASE = Path("shared/database/engine.py")
ENDS_OR_BEGINS = re.compile(
    r"\s*(start transaction|(begin|commit|rollback)\s*(;|$|(isolation|read|work|transaction|to)\b))",
    re.IGNORECASE,
)
SNAPSHOT = [  # what only reads, and ends as it began
    "begin isolation level repeatable read, read only; set local plan_cache_mode = force_custom_plan",
    "rollback",
]
BEGINS = {
    DATABASE,
    Path("shared/database/migrate.py"),  # as the schema's owner, which no service is
    PROJECTIONS / "rebuild.py",  # likewise
}
MAY_CALL = {
    "begin": BEGINS,
    "begin_nested": set(),
    "transaction": BEGINS,
    "commit": {DATABASE, MESSAGING / "kafka.py"},  # there: Kafka's offsets
    "rollback": set(),
    "send": {Path("services/notifications/sender.py")},  # e-mail, SMS
    "send_and_wait": set(),
    "send_events": {MESSAGING / "relay.py"},
    "send_batch": {MESSAGING / "kafka.py"},
    "publish": set(),
    "publish_batch": set(),
}
KAFKA_SPOKEN_IN = {
    *(MESSAGING / f"{name}.py" for name in ("consumer", "kafka", "poison_records")),
    *(PROJECTIONS / f"{name}.py" for name in ("projector", "rebuild")),
    Path("shared/observability/lag.py"),
}
NETWORK_SPOKEN_IN = {Path(f"services/notifications/channels/{name}.py") for name in ("email", "sms")}
NETWORK = re.compile(r"(aiohttp|aiosmtplib|httpx|requests|smtplib|socket|urllib\.request)\b")


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["importlinter"]["contracts"])


def service(name: str) -> Service:
    found = import_module(f"services.{name}.main").SERVICE
    assert isinstance(found, Service)
    return found


def is_ours(receiver: str, module: ast.Module) -> bool:
    """A call on a module or class of ours is a function of ours, whatever its name."""
    names = {name for whole, name in imported(module) if whole.startswith(("services.", "shared."))}
    return receiver.partition(".")[0] in names


def is_database(receiver: str) -> bool:
    """shared.database.engine.Database: what it begins, it commits."""
    return receiver.rpartition(".")[2] == "database"


def test_imports_go_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout.partition("Contracts\n")[2] + done.stderr


def test_every_room_stands_under_a_contract_that_names_its_files() -> None:
    rooms = {".".join(path.parts[:3]) for path, _ in modules("services") if len(path.parts) > 3}
    exhaustive = [one for one in contracts() if one["type"] == "layers" and one.get("exhaustive")]
    covered = {container for one in exhaustive for container in one["containers"]}

    bare = {room for room in rooms if not room.endswith(".migrations")} - covered

    assert not bare
    assert {f"services.{name}" for name in SERVICES} <= covered


def test_every_service_is_independent_of_the_others() -> None:
    [independence] = [one for one in contracts() if one["type"] == "independence"]

    assert sorted(independence["modules"]) == [f"services.{name}" for name in SERVICES]
    assert {path.parts[1] for path, _ in modules("services") if len(path.parts) > 2} == set(SERVICES)


def test_only_the_database_begins_and_commits_and_only_the_relay_publishes() -> None:
    for path, module in modules("services", "shared"):
        for receiver, name in method_calls(module):
            if name in MAY_CALL and not is_ours(receiver, module) and not is_database(receiver):
                assert path in MAY_CALL[name], f"{path} calls {receiver}.{name}"
        said = [text for text in strings(module) if ENDS_OR_BEGINS.match(text)]
        assert said == (SNAPSHOT if path == DATABASE else []), f"{path} says {said}"


def test_kafka_is_spoken_in_delivery_and_only_the_relay_makes_a_producer() -> None:
    for path, module in modules("services", "shared"):
        found = {whole for whole, _ in imported(module)}
        assert path in KAFKA_SPOKEN_IN or not any(re.match("aiokafka|faststream", one) for one in found), path
        assert path == MESSAGING / "kafka.py" or "aiokafka.AIOKafkaProducer" not in found, path
        calls = {f"{receiver}.{name}" for receiver, name in method_calls(module)}
        assert path == MESSAGING / "relay.py" or "kafka.producer" not in calls, path
        assert "shared.messaging.kafka.producer" not in found, path


def test_only_the_channels_of_messages_speak_to_the_network() -> None:
    for path, module in modules("services", "shared"):
        used = {whole for whole, _ in imported(module) if NETWORK.match(whole)}

        assert path in NETWORK_SPOKEN_IN or not used, f"{path} uses {used}"


def test_every_file_opens_with_a_sentence() -> None:
    for path, module in modules("services", "shared", "deploy", "tools", "tests"):
        first = (ast.get_docstring(module) or "").partition("\n")[0]

        # a __main__ may open with the command that runs it
        ends_well = first.endswith((".", ":", "?")) or path.name == "__main__.py"
        assert not module.body or (len(first) > 10 and ends_well), f"{path}: {first!r}"


@pytest.mark.parametrize("name", SERVICES)
def test_won_never_outgrow_their_column(name: str) -> None:
    tables = service(name).tables.tables.values()
    won = [column for table in tables for column in table.columns if column.name.endswith("_krw")]

    assert won or name == "notifications"
    # a column of several amounts, by funder, is JSON: its numbers have no size
    assert [str(column) for column in won if not isinstance(column.type, BigInteger | JSON)] == []


def test_the_schemas_of_all_events_are_in_docs() -> None:
    folder = ROOT / "docs/events"
    kept = {path.name: path.read_bytes() for path in folder.glob("*.json")}

    assert kept == dict(catalogue.schemas()), "run: python -m shared.events.catalogue"


def test_no_service_names_or_opens_what_the_tools_hold() -> None:
    programmes = {path.name.partition(".")[0] for path in ROOT.glob("tools/demo/programmes/*.yaml")}
    assert programmes
    named = re.compile("|".join([r"\btools[/.\\]demo", r"\b(figures|scenario)\.yaml", *sorted(programmes)]))

    for path, module in modules("services", "shared"):
        assert [text for text in strings(module) if named.search(text)] == [], path
    for path, text in texts("services", "shared"):
        if path.suffix in {".html", ".js", ".css", ".txt", ".sql", ".csv", ".json", ".yaml"}:
            assert path.name in GENERATED or not named.search(text), path


def test_no_figure_of_the_documents_stands_in_a_service() -> None:
    documents = yaml.safe_load((ROOT / "tools/demo/figures.yaml").read_text(encoding="utf-8")).values()
    million = {one["value"] * 1_000_000 for one in documents if one["unit"] == "백만원"}
    # limits are round and small counts mean anything: 30 days, 56 pixels, 200 characters
    telling = {one["value"] for one in documents if one["value"] > 500 and one["value"] % 100}
    assert len(telling) > 5

    for path, module in modules("services", "shared"):
        assert not set(numbers(module)) & (million | telling), path


def test_nothing_names_this_machine_or_a_registry() -> None:
    hosts = (r"pypi\.org", r"pythonhosted\.org", r"npmjs\.(org|com)", r"maven\.(org|apache)", r"golang\.org")
    named = re.compile("|".join([*hosts, r"(?<![\w.}])/(work|root|home)/\w", r"\.\./shared"]))

    for path, text in texts():
        if path != Path(__file__).resolve().relative_to(ROOT):
            lines = [number for number, line in enumerate(text.splitlines(), 1) if named.search(line)]
            assert not lines, f"{path}:{lines[0]}"


def test_no_third_party_code_is_kept() -> None:
    assert [path for path in files() if {"node_modules", "static", ".venv"} & set(path.parts)] == []
