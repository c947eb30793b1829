"""Each alert fires on its fault, in a real Prometheus over the real stack, and resolves when the fault is repaired.

The tests also find the cause where an operator would look for it: in /readyz, the log, or the table.
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
from tests.builders import PROGRAMME, a_business_number, kafka_record
from tests.e2e.small_scenario import CITY, SIGNED_ON, announce, apply, decide, instruct, make_ready, sign
from tests.flows.notifications_builders import a_company, a_submission
from tests.observability.live import TIMEOUT_SECONDS, LiveStack, live_stack
from tests.observability.prometheus import Prometheus, running_prometheus
from tests.observability.rules import CASES

pytestmark = pytest.mark.alerts


@pytest.fixture(scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveStack]:
    """A stack with a signed agreement and a payment instructed long ago that the treasury has not answered."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus (Debian's package) is not installed")
    async with live_stack(tmp_path_factory.mktemp("alerts")) as live:
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
async def prometheus(live: LiveStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus]:
    program = shutil.which("prometheus")
    targets = [f"127.0.0.1:{process.port}" for process in live.status.processes if process.port]
    assert program is not None
    async with running_prometheus(program, tmp_path_factory.mktemp("prometheus"), targets) as running:
        await running.wait_until_no_alert()
        yield running


async def register_company(live: LiveStack) -> None:
    company = {"business_number": a_business_number(), "name_ko": "기업 B-002", "municipality": CITY}
    await live.ask("applications", "/companies", company | {"occurred_on": "2024-03-21"})


async def test_killed_process_and_then_unconfirmed_payment_fire(
    live: LiveStack, prometheus: Prometheus
) -> None:
    """The supervisor restarts the killed funding process, and the timer of the new one finds the payment."""
    live.send_signal("funding", signal.SIGKILL)

    await prometheus.wait_until_firing("IeumNotReady")
    await prometheus.wait_until_resolved("IeumNotReady")
    await prometheus.wait_until_firing("IeumPaymentUnconfirmed")

    assert live.process("funding").restarts == 1
    [payment] = await live.rows("funding", "payment", "answer = 'overdue'")
    answer = {"payment_id": UUID(str(payment["payment_id"])), "amount_krw": payment["amount_krw"]}
    executed = TreasuryPaymentExecuted(**answer, treasury_reference="T-1", occurred_on=date(2024, 8, 2))
    await live.send(**kafka_record(executed, None))
    await prometheus.wait_until_resolved("IeumPaymentUnconfirmed")


async def test_hanging_broker_fires_outbox_not_published(live: LiveStack, prometheus: Prometheus) -> None:
    live.send_signal("kafka-1", signal.SIGSTOP)
    try:
        await register_company(live)

        await prometheus.wait_until_firing("IeumOutboxNotPublished")
        await live.wait_for_problem("applications", "카프카가 답하지 않습니다")
    finally:
        live.send_signal("kafka-1", signal.SIGCONT)

    await prometheus.wait_until_resolved("IeumOutboxNotPublished")
    await live.settle()


async def test_hanging_projector_fires_fallen_behind(live: LiveStack, prometheus: Prometheus) -> None:
    superuser = await asyncpg.connect(live.superuser_url(), database="ieum")
    async with superuser.transaction():
        await superuser.execute("lock table monitoring.projection_offset in access exclusive mode")
        await register_company(live)

        await prometheus.wait_until_firing("IeumFallenBehind")
        await live.wait_for_problem("monitoring", "파티션이 멈춰 있습니다")
    await superuser.close()

    await prometheus.wait_until_resolved("IeumFallenBehind")
    await live.settle()


async def test_unreadable_records_are_dead_lettered_and_open_the_circuit(
    live: LiveStack, prometheus: Prometheus
) -> None:
    """Three dead letters in a row open the circuit: the fourth record is dead-lettered after a restart."""
    event = SelfContributionConfirmed(
        case_id=UUID(int=1),
        programme_id=PROGRAMME,
        fiscal_year=2024,
        amount_krw=1,
        evidence="-",
        occurred_on=date(2024, 7, 1),
    )
    for number in range(4):
        await live.send(**kafka_record(event, number + 1) | {"value": b"{"})

    await prometheus.wait_until_firing("IeumLineStopped")
    await prometheus.wait_until_firing("IeumDeadLetters")

    assert "멈췄습니다" in await live.readiness_problems("notifications")
    assert '"rule":"schema"' in live.log_text("notifications")
    assert len(await live.rows("notifications", "dead_letter")) == 3
    live.send_signal("notifications", signal.SIGTERM)
    await wait_until_dead_lettered(live, 4)
    await prometheus.wait_until_resolved("IeumLineStopped")
    await prometheus.wait_until_resolved("IeumDeadLetters")


async def wait_until_dead_lettered(live: LiveStack, count: int) -> None:
    """Wait for the dead letters: an alert also resolves while its process is down, without any cause."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(await live.rows("notifications", "dead_letter")) < count:
        assert time.monotonic() < deadline, live.log_text("notifications")[-2_000:]
        await asyncio.sleep(0.3)


async def test_long_parked_record_fires_before_it_is_dead_lettered(
    live: LiveStack, prometheus: Prometheus
) -> None:
    case, company = UUID(int=2), UUID(int=3)
    await live.send(**kafka_record(a_submission(case, company)))

    await prometheus.wait_until_firing("IeumParkedTooLong")

    [parked] = await live.rows("notifications", "parked")
    assert f"{company}" in parked["reason"]
    await live.send(**kafka_record(a_company(company)))
    await prometheus.wait_until_resolved("IeumParkedTooLong")
    assert await live.rows("notifications", "dead_letter", f"key = '{case}'::bytea") == []


async def test_hanging_mail_server_fires_messages_not_leaving(
    live: LiveStack, prometheus: Prometheus
) -> None:
    live.send_signal("inbox", signal.SIGSTOP)
    try:
        unsigned = "status = 'selected' and case_id not in (select case_id from applications.agreement)"
        [waiting] = await live.rows("applications", "award", unsigned)
        await sign(live, str(waiting["case_id"]))

        await prometheus.wait_until_firing("IeumMessagesNotLeaving")
        await live.wait_for_problem("notifications", "email: 연결하지 못함")
    finally:
        live.send_signal("inbox", signal.SIGCONT)

    assert '"event":"channel.down"' in live.log_text("notifications")
    await prometheus.wait_until_resolved("IeumMessagesNotLeaving")


async def test_no_alert_remains_and_every_series_of_the_rules_exists(
    live: LiveStack, prometheus: Prometheus
) -> None:
    await prometheus.wait_until_no_alert()

    missing = [
        name
        for series, _ in CASES.values()
        for name in metric_names(series)
        if not await prometheus.has_series(name)
    ]
    assert missing == []


def metric_names(series: dict[str, str]) -> set[str]:
    return {name.partition("{")[0] for name in series}
