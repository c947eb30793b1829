"""Each alert is seen to fire by its fault, in a real Prometheus over the real stack, and to be over when that is mended.

What an operator would look at then says the cause: /readyz, the log, or the table.
"""

import asyncio
import shutil
import signal
import time
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from shared.events.external import TreasuryPaymentExecuted
from shared.events.funding import SelfContributionConfirmed
from tests.builders import PROGRAMME, a_business_number, sealed
from tests.e2e.small_story import CITY, SIGNED_ON, announce, apply, decide, instruct, make_ready, sign
from tests.flows.notifications_builders import a_company, a_submission
from tests.observability.live import PATIENCE, Live, a_live_stack
from tests.observability.prometheus import Prometheus, watching
from tests.observability.rules import CASES

pytestmark = pytest.mark.alerts


@pytest.fixture(scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """Two companies have signed; the treasury was told to pay one of them, long ago, and never answered."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus (Debian's package) is not installed")
    async with a_live_stack(tmp_path_factory.mktemp("alerts")) as live:
        await announce(live)
        cases = [await apply(live, eligible=number < 3) for number in range(4)]
        await live.settle()
        await decide(live, cases)
        await sign(live, cases[0])
        await live.settle()
        await make_ready(live, cases[0])
        await live.settle()
        await instruct(live, cases[0], SIGNED_ON + timedelta(days=20))
        yield live


@pytest.fixture(scope="module")
async def prometheus(live: Live, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus]:
    program, targets = (
        shutil.which("prometheus"),
        [f"127.0.0.1:{one.port}" for one in live.status.processes if one.port],
    )
    assert program is not None
    async with watching(program, tmp_path_factory.mktemp("prometheus"), targets) as found:
        await found.is_quiet()
        yield found


async def a_company_registers(live: Live) -> None:
    named = {"business_number": a_business_number(), "name_ko": "기업 B-002", "municipality": CITY}
    await live.ask("applications", "/companies", named | {"occurred_on": "2024-03-21"})


async def test_a_process_that_was_killed_and_then_a_payment_that_nobody_answered(
    live: Live, prometheus: Prometheus
) -> None:
    """Funding is killed; its supervisor starts it again, and its timer then sees the payment."""
    live.tell("funding", signal.SIGKILL)

    await prometheus.fires("IeumNotReady")
    await prometheus.is_over("IeumNotReady")
    await prometheus.fires("IeumPaymentUnconfirmed")

    assert live.process("funding").restarts == 1
    [payment] = await live.rows("funding", "payment", "answer = 'overdue'")
    answer = {"payment_id": UUID(str(payment["payment_id"])), "amount_krw": payment["amount_krw"]}
    executed = TreasuryPaymentExecuted(**answer, treasury_reference="T-1", occurred_on=date(2024, 8, 2))
    await live.send(**sealed(executed, None))
    await prometheus.is_over("IeumPaymentUnconfirmed")


async def test_a_broker_that_hangs_leaves_the_outbox_full(live: Live, prometheus: Prometheus) -> None:
    live.tell("kafka-1", signal.SIGSTOP)
    try:
        await a_company_registers(live)

        await prometheus.fires("IeumOutboxNotPublished")
        await live.until_problem("applications", "카프카가 답하지 않습니다")
    finally:
        live.tell("kafka-1", signal.SIGCONT)

    await prometheus.is_over("IeumOutboxNotPublished")
    await live.settle()


async def test_a_projector_that_hangs_makes_the_board_old(live: Live, prometheus: Prometheus) -> None:
    superuser = await asyncpg.connect(live.address_of_superuser(), database="ieum")
    async with superuser.transaction():
        await superuser.execute("lock table monitoring.projection_offset in access exclusive mode")
        await a_company_registers(live)

        await prometheus.fires("IeumFallenBehind")
        await live.until_problem("monitoring", "파티션이 멈춰 있습니다")
    await superuser.close()

    await prometheus.is_over("IeumFallenBehind")
    await live.settle()


async def test_records_that_cannot_be_read_are_dead_letters_and_stop_the_line(
    live: Live, prometheus: Prometheus
) -> None:
    """Four where three stop it: the fourth is given up after a restart."""
    event = SelfContributionConfirmed(
        case_id=UUID(int=1),
        programme_id=PROGRAMME,
        fiscal_year=2024,
        amount_krw=1,
        evidence="-",
        occurred_on=date(2024, 7, 1),
    )
    for number in range(4):
        await live.send(**sealed(event, number + 1) | {"value": b"{"})

    await prometheus.fires("IeumLineStopped")
    await prometheus.fires("IeumDeadLetters")

    assert "멈췄습니다" in await live.problems("notifications")
    assert '"rule":"schema"' in live.logged("notifications")
    assert len(await live.rows("notifications", "dead_letter")) == 3
    live.tell("notifications", signal.SIGTERM)
    await until_buried(live, 4)
    await prometheus.is_over("IeumLineStopped")
    await prometheus.is_over("IeumDeadLetters")


async def until_buried(live: Live, count: int) -> None:
    """Only then is it over: while its process is down, an alert has nothing to fire by."""
    deadline = time.monotonic() + PATIENCE
    while len(await live.rows("notifications", "dead_letter")) < count:
        assert time.monotonic() < deadline, live.logged("notifications")[-2_000:]
        await asyncio.sleep(0.3)


async def test_a_record_whose_prerequisite_does_not_come_is_told_before_it_is_given_up(
    live: Live, prometheus: Prometheus
) -> None:
    case, company = UUID(int=2), UUID(int=3)
    await live.send(**sealed(a_submission(case, company)))

    await prometheus.fires("IeumParkedTooLong")

    [parked] = await live.rows("notifications", "parked")
    assert f"{company}" in parked["reason"]
    await live.send(**sealed(a_company(company)))
    await prometheus.is_over("IeumParkedTooLong")
    assert await live.rows("notifications", "dead_letter", f"key = '{case}'::bytea") == []


async def test_a_mail_server_that_hangs_keeps_the_messages_here(live: Live, prometheus: Prometheus) -> None:
    live.tell("inbox", signal.SIGSTOP)
    try:
        unsigned = "status = 'selected' and case_id not in (select case_id from applications.agreement)"
        [waiting] = await live.rows("applications", "place", unsigned)
        await sign(live, str(waiting["case_id"]))

        await prometheus.fires("IeumMessagesNotLeaving")
        await live.until_problem("notifications", "email: 메일 서버")
    finally:
        live.tell("inbox", signal.SIGCONT)

    assert '"event":"channel.down"' in live.logged("notifications")
    await prometheus.is_over("IeumMessagesNotLeaving")


async def test_no_alert_was_left_out_and_every_series_that_they_ask_for_is_there(
    live: Live, prometheus: Prometheus
) -> None:
    await prometheus.is_quiet()

    missing = [
        name for series, _ in CASES.values() for name in bare(series) if not await prometheus.knows(name)
    ]
    assert missing == []


def bare(series: dict[str, str]) -> set[str]:
    return {one.partition("{")[0] for one in series}
