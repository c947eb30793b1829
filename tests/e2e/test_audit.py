"""The invariants hold in a small sound installation; each mutation violates exactly those that forbid it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.postgres import roles
from tests.e2e.installation import (
    AUDIT,
    CHAOS,
    MUTATED,
    PRISTINE,
    Installation,
    a_process,
    copy,
    mutate,
    state_of,
)
from tests.e2e.mutations import MUTATIONS, Mutation
from tools.audit.target import Target
from tools.cli import app

pytestmark = pytest.mark.connected


async def test_every_invariant_holds_and_counted_something(installation: Installation) -> None:
    verdicts = await installation.verdicts(grace_seconds=30)

    assert {id: one.finding.violations for id, one in verdicts.items() if not one.ok} == {}
    assert verdicts.keys() == AUDIT | CHAOS
    assert verdicts["I2"].finding.counts[0].n == 2
    losses = {count.en: count.n for count in verdicts["I4"].finding.counts}
    assert losses["dead letters"] == 3
    assert verdicts["I10"].finding.counts[-1].n == 2
    assert verdicts["I8"].finding.notes == [
        "다시 만들기로 견준 적이 없습니다 / no rebuild has judged the board yet"
    ]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
async def test_a_mutation_violates_exactly_its_invariants(
    installation: Installation, mutation: Mutation
) -> None:
    await copy(PRISTINE, MUTATED)
    await mutate(mutation.sql, mutation.service)

    violated = await installation.copied().violated()

    assert set(violated) == mutation.violated, violated


async def test_mutations_violate_each_invariant_once_at_least() -> None:
    """Order on a topic (I6) is also covered by test_audit_topics."""
    assert {id for mutation in MUTATIONS for id in mutation.violated} == AUDIT | CHAOS


async def test_a_check_that_fails_is_reported_and_the_others_are_judged(installation: Installation) -> None:
    await copy(PRISTINE, MUTATED)
    await mutate("alter table posting rename to posted", "funding")
    await mutate(
        "create view posting as select set_id, reason, kind, case_id, caused_by, amount_krw from posted",
        "funding",
    )
    await mutate(f"grant select on posting to {roles.AUDIT_ROLE}", "funding")

    violated = await installation.copied().violated()

    assert set(violated) == {"I1", "I3", "I8"}
    assert violated["I1"][0].startswith("판정하지 못했습니다(UndefinedColumnError")


async def test_an_empty_installation_proves_nothing(installation: Installation, tmp_path: Path) -> None:
    """Empty tables: no invariant that looks at them holds."""
    await copy(PRISTINE, MUTATED)
    for service in roles.SERVICES:
        await mutate("truncate event_log, inbox, outbox", service)
    await mutate("truncate account, posting, payment, tranche cascade", "funding")
    empty = replace(installation.copied().target, logs=tmp_path, processes=[])

    verdicts = await installation.at(empty).verdicts()

    vacuous = {id for id, verdict in verdicts.items() if verdict.vacuous}
    assert vacuous >= {"I1", "I2", "I3", "I4", "I7", "I8", "I10", "I11", "I12"}


async def test_a_process_that_is_not_ready_is_reported(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.audit.liveness.READY_SECONDS", 0.1)
    known = installation.target.processes or ()
    async with a_process(503) as busy:
        target = replace(installation.target, processes=[*known, busy, "http://127.0.0.1:1"])
        violated = await installation.at(target).violated()

    assert set(violated) == {"I11"}
    assert len(violated["I11"]) == 2


@pytest.mark.parametrize("column", ["email", "phone"])
async def test_an_address_in_a_log_file_is_reported_without_being_repeated(
    installation: Installation, tmp_path: Path, column: str
) -> None:
    auditor = await asyncpg.connect(installation.target.database_url)
    address = await auditor.fetchval(f"select {column} from notifications.recipient limit 1")
    await auditor.close()
    (tmp_path / "notifications.log").write_text(f"sent to <{address}>\n", encoding="utf-8")

    violated = await installation.at(replace(installation.target, logs=tmp_path)).violated()

    assert set(violated) == {"I12"}
    assert violated["I12"][0].startswith("notifications.log:1")
    assert address not in str(violated)


# The command.


async def ieum(*arguments: str) -> Any:
    """Run the command as somebody types it; it has a loop of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments))


async def test_the_command_audits_the_stack_of_a_state_folder(
    installation: Installation, tmp_path: Path
) -> None:
    folder = state_of(installation.target, tmp_path / "state").folder

    ran = await ieum("audit", "--json", "--state", str(folder))

    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)
    assert {row["id"] for row in rows} == AUDIT
    assert all(row["ok"] and row["counted"][0]["n"] for row in rows)


async def test_the_command_audits_an_installation_by_its_urls_and_fails_where_money_is_altered(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered = next(one for one in MUTATIONS if one.name == "money of the board is altered by one won")
    await copy(PRISTINE, MUTATED)
    await mutate(altered.sql, altered.service)
    target: Target = installation.copied().target
    monkeypatch.setenv("IEUM_KAFKA_BOOTSTRAP", target.kafka)

    ran = await ieum("audit", "--database-url", target.database_url)

    assert ran.exit_code == 1
    assert "I8: 금액 / money" in ran.stdout
    assert "I11: 프로세스 주소를 몰라" in ran.stdout
