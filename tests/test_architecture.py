"""Architecture rules, as checks on the repository's own code; each check has been seen to fail once."""

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
TRANSACTION_STATEMENT = re.compile(
    r"\s*(start transaction|(begin|commit|rollback)\s*(;|$|(isolation|read|work|transaction|to)\b))",
    re.IGNORECASE,
)
STATEMENTS = {  # the three ways in which the database begins a transaction, and the two in which one ends
    "begin",
    "begin; set local plan_cache_mode = force_custom_plan",
    "begin isolation level repeatable read, read only; "
    "set local plan_cache_mode = force_custom_plan; "
    "select set_config('search_path', search_path, true) from live_projection",
    "commit",
    "rollback",
}
MAY_BEGIN = {  # beside DATABASE, which does so in SQL
    Path("shared/database/migrate.py"),  # as the schema's owner, which no service is
    PROJECTIONS / "rebuild.py",  # likewise
}
MAY_CALL = {
    "begin": MAY_BEGIN,
    "begin_nested": set(),
    "transaction": MAY_BEGIN,
    "commit": {MESSAGING / "kafka.py"},  # offsets
    "rollback": set(),
    "send": {Path("services/notifications/sender.py")},  # e-mail, SMS
    "send_and_wait": set(),
    "send_records": {MESSAGING / "relay.py"},
    "send_batch": {MESSAGING / "kafka.py"},
    "publish": set(),
    "publish_batch": set(),
}
MAY_IMPORT_KAFKA = {
    *(MESSAGING / f"{name}.py" for name in ("consumer", "kafka", "poison_records")),
    *(PROJECTIONS / f"{name}.py" for name in ("offsets", "projector", "rebuild")),
    Path("shared/observability/lag.py"),
}
PRODUCERS = ("create_producer", "BatchProducer")
MAY_IMPORT_NETWORK = {Path(f"services/notifications/channels/{name}.py") for name in ("email", "sms")}
NETWORK = re.compile(r"(aiohttp|aiosmtplib|httpx|requests|smtplib|socket|urllib\.request)\b")


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["importlinter"]["contracts"])


def service(name: str) -> Service:
    described = import_module(f"services.{name}.main").SERVICE
    assert isinstance(described, Service)
    return described


def is_ours(receiver: str, module: ast.Module) -> bool:
    """Return whether a call's receiver is a module or class of ours: then it is a function of ours, whatever its name."""
    names = {name for whole, name in imported(module) if whole.startswith(("services.", "shared."))}
    return receiver.partition(".")[0] in names


def is_database(receiver: str) -> bool:
    """Return whether a call's receiver is a Database, which commits the transactions that it begins."""
    return receiver.rpartition(".")[2] == "database"


def test_imports_go_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout.partition("Contracts\n")[2] + done.stderr


def test_every_module_of_a_service_has_an_exhaustive_contract() -> None:
    folders = {".".join(path.parts[:3]) for path, _ in modules("services") if len(path.parts) > 3}
    exhaustive = [
        contract for contract in contracts() if contract["type"] == "layers" and contract.get("exhaustive")
    ]
    covered = {container for contract in exhaustive for container in contract["containers"]}

    uncovered = {folder for folder in folders if not folder.endswith(".migrations")} - covered

    assert not uncovered
    assert {f"services.{name}" for name in SERVICES} <= covered


def test_every_service_is_independent_of_the_others() -> None:
    [independence] = [contract for contract in contracts() if contract["type"] == "independence"]

    assert sorted(independence["modules"]) == [f"services.{name}" for name in SERVICES]
    assert {path.parts[1] for path, _ in modules("services") if len(path.parts) > 2} == set(SERVICES)


def test_only_the_database_begins_and_commits_and_only_the_relay_publishes() -> None:
    for path, module in modules("services", "shared"):
        for receiver, name in method_calls(module):
            if name in MAY_CALL and not is_ours(receiver, module) and not is_database(receiver):
                assert path in MAY_CALL[name], f"{path} calls {receiver}.{name}"
        statements = [text for text in strings(module) if TRANSACTION_STATEMENT.match(text)]
        expected = STATEMENTS if path == DATABASE else set()
        assert {" ".join(text.split()) for text in statements} == expected, f"{path} contains {statements}"


def test_only_named_files_import_the_kafka_client_and_only_the_relay_creates_a_producer() -> None:
    for path, module in modules("services", "shared"):
        names = {whole for whole, _ in imported(module)}
        assert path in MAY_IMPORT_KAFKA or not any(map(re.compile("aiokafka|faststream").match, names)), path
        assert path == MESSAGING / "kafka.py" or "aiokafka.AIOKafkaProducer" not in names, path
        calls = {f"{receiver}.{name}" for receiver, name in method_calls(module)}
        assert path == MESSAGING / "relay.py" or not calls & {f"kafka.{name}" for name in PRODUCERS}, path
        assert not names & {f"shared.messaging.kafka.{name}" for name in PRODUCERS}, path


def test_only_the_channels_of_messages_import_network_clients() -> None:
    for path, module in modules("services", "shared"):
        used = {whole for whole, _ in imported(module) if NETWORK.match(whole)}

        assert path in MAY_IMPORT_NETWORK or not used, f"{path} uses {used}"


def test_every_file_opens_with_a_sentence() -> None:
    for path, module in modules("services", "shared", "deploy", "tools", "tests"):
        first = (ast.get_docstring(module) or "").partition("\n")[0]

        # a __main__ may open with its command line
        ends_well = first.endswith((".", ":", "?")) or path.name == "__main__.py"
        assert not module.body or (len(first) > 10 and ends_well), f"{path}: {first!r}"


@pytest.mark.parametrize("name", SERVICES)
def test_columns_of_won_are_bigint(name: str) -> None:
    tables = service(name).tables.tables.values()
    won = [column for table in tables for column in table.columns if column.name.endswith("_krw")]

    assert won or name == "notifications"
    # a column of several amounts, by funder, is JSON: its numbers have no size
    assert [str(column) for column in won if not isinstance(column.type, BigInteger | JSON)] == []


def test_the_schemas_of_all_events_are_in_docs() -> None:
    folder = ROOT / "docs/events"
    committed = {path.name: path.read_bytes() for path in folder.glob("*.json")}

    assert committed == dict(catalogue.schemas()), "run: python -m shared.events.catalogue"


def test_no_service_names_programmes_or_files_of_the_demo() -> None:
    programmes = {path.name.partition(".")[0] for path in ROOT.glob("tools/demo/programmes/*.yaml")}
    assert programmes
    named = re.compile("|".join([r"\btools[/.\\]demo", r"\b(figures|scenario)\.yaml", *sorted(programmes)]))

    for path, module in modules("services", "shared"):
        assert [text for text in strings(module) if named.search(text)] == [], path
    for path, text in texts("services", "shared"):
        if path.suffix in {".html", ".js", ".css", ".txt", ".sql", ".csv", ".json", ".yaml"}:
            assert path.name in GENERATED or not named.search(text), path


def test_no_service_contains_a_figure_of_the_documents() -> None:
    documents = yaml.safe_load((ROOT / "tools/demo/figures.yaml").read_text(encoding="utf-8")).values()
    million = {figure["value"] * 1_000_000 for figure in documents if figure["unit"] == "백만원"}
    # limits are round, and small counts may mean anything: 30 days, 56 pixels, 200 characters
    distinctive = {figure["value"] for figure in documents if figure["value"] > 500 and figure["value"] % 100}
    assert len(distinctive) > 5

    for path, module in modules("services", "shared"):
        assert not set(numbers(module)) & (million | distinctive), path


def test_no_file_names_this_machine_or_a_package_registry() -> None:
    hosts = (r"pypi\.org", r"pythonhosted\.org", r"npmjs\.(org|com)", r"maven\.(org|apache)", r"golang\.org")
    named = re.compile("|".join([*hosts, r"(?<![\w.}])/(work|root|home)/\w", r"\.\./shared"]))

    for path, text in texts():
        if path != Path(__file__).resolve().relative_to(ROOT):
            for number, line in enumerate(text.splitlines(), 1):
                assert not named.search(line), f"{path}:{number}"


def test_no_third_party_code_is_committed() -> None:
    assert [path for path in files() if {"node_modules", "static", ".venv"} & set(path.parts)] == []
