"""The checker says nothing of a good evidence, and of each damage exactly what is wrong."""

import ast
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from tests.chaos import checker
from tests.chaos.checker.contract import HEARD as HEARD_BY
from tests.chaos.checker.evidence import Accepted
from tests.chaos.checker.journals import accepted_in
from tests.chaos.checker.verdict import CHECKS, judged
from tests.chaos.damages_of_events import COMMANDS, HEARD, TOPICS
from tests.chaos.damages_of_money import BOOKS, MESSAGES, PAYMENTS, SHOWN
from tests.chaos.damaging import Damage, operation
from tests.chaos.small_story import small_world
from tests.chaos.small_world import World

DAMAGES = [*COMMANDS, *TOPICS, *HEARD, *PAYMENTS, *BOOKS, *MESSAGES, *SHOWN]
ALLOWED = {"aiokafka", "asyncpg", "orjson"}


def said_of(world: World, check: str) -> list[str]:
    finding = CHECKS[check](world.evidence())
    return sorted(finding.violations)


def test_a_good_evidence_has_no_violation_and_something_to_look_at_in_every_respect() -> None:
    world = small_world()

    verdict = judged(world.evidence())

    assert verdict.violations == []
    assert [name for name, count in verdict.counted.items() if not count] == [
        "dead letters: poison records",
        "messages: unknown",
    ]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.says)
def test_a_damage_is_told_in_its_own_words_and_nothing_else_is(damage: Damage) -> None:
    world = small_world()

    damage.do(world)

    said = said_of(world, damage.check)
    left = list(said)
    for words in damage.lines:
        found = next((line for line in left if words in line), None)
        assert found is not None, (words, left)
        left.remove(found)
    assert left == []


def test_no_record_and_no_row_goes_missing_unnoticed() -> None:
    """Whichever it is; and what is missing never keeps the checker from judging the rest."""
    unnoticed = []
    whole = small_world()

    for place in [one.place for one in whole.records]:
        world = small_world()
        world.records = [one for one in world.records if one.place != place]
        unnoticed += [] if judged(world.evidence()).violations else [str(place)]
    for service, tables in whole.tables.items():
        for table, rows in tables.items():
            for index in range(len(rows)):
                world = small_world()
                del world.tables[service][table][index]
                unnoticed += (
                    [] if judged(world.evidence()).violations else [f"{service}.{table} {rows[index]}"]
                )

    assert unnoticed == []


def test_every_check_has_its_damages() -> None:
    assert {damage.check for damage in DAMAGES} == set(CHECKS)


def test_poison_that_everybody_gave_up_by_its_rule_is_no_violation() -> None:
    world = small_world()
    broken = world.record("ieum.external.treasury", b"broken", b"{")
    place = {"topic": broken.topic, "partition": broken.partition, "offset": broken.offset}
    listed = replace(world.history[0], kind="poison", rule="malformed", **place)  # type: ignore[arg-type]  # one dict

    world.history.append(listed)
    world.bury("funding", "consumer", broken, "malformed")

    assert judged(world.evidence()).violations == []


def test_what_all_must_pass_over_is_no_violation() -> None:
    world = small_world()
    unknown = {"ce_id": "u", "ce_source": "s", "ce_type": "kr.ieum.nobody.knows.v1", "ce_subject": "x"}
    headers = tuple((name, text.encode()) for name, text in unknown.items())
    made = world.record("ieum.funding", b"x", b"{}", headers)
    place = {"topic": made.topic, "partition": made.partition, "offset": made.offset}

    world.history.append(replace(world.history[0], kind="poison", rule="", **place))  # type: ignore[arg-type]  # one dict

    assert judged(world.evidence()).violations == []


@pytest.mark.parametrize(
    ("what", "service", "path"),
    [
        ("recipients", "notifications", "/recipients/company-9"),
        ("deadlines", "funding", "/deadlines"),
        ("rounds/selection", "applications", "/rounds/r/selection"),
        ("budgets", "funding", "/budgets"),
    ],
)
def test_an_unanswered_command_that_left_nothing_is_no_violation(what: str, service: str, path: str) -> None:
    world = small_world()

    world.ask(what, service, path, "somebody", {}, outcome="unknown")

    assert judged(world.evidence()).violations == []


def test_an_unanswered_command_that_took_effect_once_is_no_violation() -> None:
    world = small_world()
    asked = world.history[operation(world, "cases/abandonment")]

    world.history[operation(world, "cases/abandonment")] = replace(asked, outcome="unknown", answered_at=None)

    assert CHECKS["commands"](world.evidence()).violations == []


def test_nothing_to_look_at_is_a_violation() -> None:
    world = small_world()

    world.history = [one for one in world.history if one.outcome != "refused"]

    assert judged(world.evidence()).violations == ["commands: nothing to look at: refused"]


def test_what_still_moves_is_a_violation() -> None:
    evidence = replace(small_world().evidence(), unrest=["funding has 3 events in its outbox"])

    verdict = judged(evidence)

    assert verdict.violations == ["still moving: funding has 3 events in its outbox"]


def test_what_a_provider_accepted_is_read_from_its_journal(tmp_path: Path) -> None:
    """A mail by its Message-ID; a text whose state changed counts once, one that was refused not at all."""
    text = {"customFields": {"messageId": "second"}}
    lines: dict[str, list[dict[str, object]]] = {
        "mails.jsonl": [{"id": "m", "message_id": "<first@ieum.example.com>"}],
        "sms.jsonl": [
            text | {"id": "t", "state": "accepted"},
            text | {"id": "t", "state": "delivered"},
            {"id": "r", "state": "refused", "customFields": {"messageId": "third"}},
        ],
    }
    for name, rows in lines.items():
        whole = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        (tmp_path / name).write_bytes(whole + b'{"id": "half')

    assert accepted_in(tmp_path) == [Accepted("email", "first"), Accepted("sms", "second")]


def test_the_checker_imports_its_three_clients_the_history_and_nothing_else() -> None:
    folder = Path(checker.__file__).parent
    files = [file for file in folder.glob("*.py") if file.name != "__main__.py"]

    imported = {name for file in files for name in modules_of(file)}

    ours = {name for name in imported if name.startswith("tests.")}
    assert ours - {"tests.chaos.history"} == {name for name in ours if name.startswith("tests.chaos.checker")}
    assert {name.partition(".")[0] for name in imported - ours} - sys.stdlib_module_names == ALLOWED


def modules_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return found | {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }


def test_the_checkers_own_list_of_hearers_is_that_of_the_services() -> None:
    from services.applications.main import SERVICE as APPLICATIONS
    from services.funding.main import SERVICE as FUNDING
    from services.monitoring.main import SERVICE as MONITORING
    from services.notifications.main import SERVICE as NOTIFICATIONS

    services = (APPLICATIONS, FUNDING, MONITORING, NOTIFICATIONS)

    theirs = {
        service.name: {(event.topic, event.name.removesuffix(".v1")) for event in service.handlers}
        for service in services
    }

    ours = {
        group: {(topic, name) for topic, names in topics.items() for name in names}
        for group, topics in HEARD_BY.items()
    }
    assert ours == theirs
