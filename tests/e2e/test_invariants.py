"""The invariants hold after a real run; and each damage that a guard prevents turns exactly the right ones red."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from deploy.postgres import roles
from tests.e2e.damages import DAMAGES, Damage
from tests.e2e.installation import ALL, DAMAGED, PRISTINE, a_process, audit_url, copy, do, red, verdicts
from tools.audit.target import Target

pytestmark = pytest.mark.connected


async def test_after_a_real_run_every_invariant_holds_and_counted_something(target: Target) -> None:
    found = await verdicts(target, grace_seconds=30)

    assert {id: one.finding.violations for id, one in found.items() if not one.ok} == {}
    assert found.keys() == ALL
    assert found["I2"].finding.counts[0].n == 2
    losses = {count.en: count.n for count in found["I4"].finding.counts}
    assert losses["dead letters"] == 1
    assert found["I10"].finding.counts[-1].n == 2


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
async def test_a_damage_turns_exactly_its_invariants_red(target: Target, damage: Damage) -> None:
    await copy(PRISTINE, DAMAGED)
    await do(damage, DAMAGED)

    found = await red(replace(target, database_url=audit_url(DAMAGED)))

    assert set(found) == damage.red, found


async def test_an_empty_installation_proves_nothing(target: Target, tmp_path: Path) -> None:
    """Every table is empty: no invariant is broken, and none that looks at tables holds."""
    await copy(PRISTINE, DAMAGED)
    emptied = "; ".join(f"truncate {name}.event_log, {name}.inbox, {name}.outbox" for name in roles.SERVICES)
    ledger = "truncate funding.account, funding.posting, funding.payment, funding.tranche cascade"
    await do(Damage("nothing is there", "funding", f"{emptied}; {ledger}", frozenset()), DAMAGED)

    found = await verdicts(replace(target, database_url=audit_url(DAMAGED), logs=tmp_path, processes=[]))

    blind = {id for id, one in found.items() if one.vacuous}
    assert blind == {"I1", "I2", "I3", "I4", "I7", "I8", "I10", "I11", "I12"}


async def test_a_process_that_is_not_ready_is_told(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.audit.liveness.READY_SECONDS", 0.1)
    async with a_process(503) as busy:
        found = await red(replace(target, processes=[*target.processes, busy, "http://127.0.0.1:1"]))

    assert set(found) == {"I11"}
    assert len(found["I11"]) == 2


@pytest.mark.parametrize("column", ["email", "phone"])
async def test_an_address_in_a_log_file_is_told_without_being_repeated(
    target: Target, tmp_path: Path, column: str
) -> None:
    owner = await asyncpg.connect(target.owners["notifications"])
    address = await owner.fetchval(f"select {column} from recipient limit 1")
    await owner.close()
    (tmp_path / "notifications.log").write_text(f"sent to <{address}>\n", encoding="utf-8")

    found = await red(replace(target, logs=tmp_path))

    assert set(found) == {"I12"}
    assert found["I12"][0].startswith("notifications.log:1")
    assert address not in str(found)
