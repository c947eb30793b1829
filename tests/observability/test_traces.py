"""One trace follows a request through outbox, relay, topic, consumers and projector to the mail."""

from services.notifications.settings import NotificationsSettings
from tests.e2e.small_scenario import ServicesWithHttp, announce, apply, decide, sign
from tests.flows.notifications_builders import MailServer, running_senders, until
from tests.tracing import attributes_of, record_spans

REQUEST = "POST /cases/{case_id}/agreement"
SIGNED, COMMITTED = "kr.ieum.agreement.signed.v1", "kr.ieum.funds.committed.v1"


async def test_one_request_is_one_trace_up_to_the_mail(
    system: ServicesWithHttp, providers: NotificationsSettings, smtp: MailServer
) -> None:
    await announce(system)
    cases = [await apply(system, eligible=number < 3) for number in range(4)]
    await decide(system, cases)
    await system.run_until_quiescent()

    with record_spans() as spans:
        await system.serve()
        await sign(system, cases[0])
        await system.run_until_quiescent()
        async with running_senders(system.databases["notifications"], providers):
            await until(lambda: is_mailed(smtp, "협약"))
        await system.run_until_quiescent()

    handled = f"handle {SIGNED}"
    assert len(spans.trace_ids()) == 1
    assert spans.parents() >= {
        (REQUEST, None),
        ("publish ieum.applications", REQUEST),
        (handled, REQUEST),
        (f"fold {SIGNED}", REQUEST),
        ("publish ieum.funding", handled),
        (f"fold {COMMITTED}", handled),
        ("send email", handled),
        ("publish ieum.notifications", handled),
        ("fold kr.ieum.message.sent.v1", handled),
    }
    groups = [
        attributes_of(span)["messaging.consumer.group.name"] for span in spans.spans if span.name == handled
    ]
    assert sorted(groups) == ["funding", "monitoring", "notifications"]


async def is_mailed(smtp: MailServer, topic: str) -> bool:
    return any(topic in subject for subject in smtp.subjects())


async def test_trace_of_an_application_reaches_the_mail_and_contains_no_personal_data(
    system: ServicesWithHttp, providers: NotificationsSettings, smtp: MailServer
) -> None:
    await announce(system)

    with record_spans() as spans:
        await system.serve()
        await apply(system, eligible=True)
        await system.run_until_quiescent()
        async with running_senders(system.databases["notifications"], providers):
            await until(lambda: is_mailed(smtp, "접수"))

    submitted = "kr.ieum.application.submitted.v1"
    assert spans.parents() >= {
        (f"handle {submitted}", "POST /applications"),
        (f"fold {submitted}", "POST /applications"),
        ("send email", f"handle {submitted}"),
    }
    text = " ".join(f"{span.name} {attributes_of(span)} {span.events}" for span in spans.spans)
    [recipient] = await system.rows("notifications", "recipient")
    [company] = await system.rows("applications", "company")
    secrets = [recipient["email"], recipient["phone"][-8:], company["name_ko"], company["business_number"]]
    assert [secret for secret in secrets if secret in text] == []
