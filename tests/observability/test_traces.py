"""One trace leads from a request through outbox, relay, topic, consumers and projector to the mail."""

from shared.config import Settings
from tests.e2e.small_story import WithHttp, announce, apply, decide, sign
from tests.flows.notifications_builders import MailServer, sending, until
from tests.tracing import said, traced

ASKED = "HTTP POST /cases/{case_id}/agreement"
SIGNED, COMMITTED = "kr.ieum.agreement.signed.v1", "kr.ieum.funds.committed.v1"


async def test_one_request_is_one_trace_up_to_the_mail(
    town: WithHttp, providers: Settings, smtp: MailServer
) -> None:
    await announce(town)
    cases = [await apply(town, eligible=number < 3) for number in range(4)]
    await decide(town, cases)
    await town.settle()

    with traced() as seen:
        await sign(town, cases[0])
        await town.settle()
        async with sending(town.databases["notifications"], providers):
            await until(lambda: mailed(smtp, "협약"))
        await town.settle()

    heard = f"handle {SIGNED}"
    assert len(seen.traces()) == 1
    assert seen.tree() >= {
        (ASKED, None),
        ("publish ieum.applications", ASKED),
        (heard, ASKED),
        (f"fold {SIGNED}", ASKED),
        ("publish ieum.funding", heard),
        (f"fold {COMMITTED}", heard),
        ("send email", heard),
        ("publish ieum.notifications", heard),
        ("fold kr.ieum.message.sent.v1", heard),
    }
    groups = [said(one)["messaging.consumer.group.name"] for one in seen.spans if one.name == heard]
    assert sorted(groups) == ["funding", "monitoring", "notifications"]


async def mailed(smtp: MailServer, about: str) -> bool:
    return any(about in subject for subject in smtp.subjects())


async def test_an_application_is_followed_to_its_receipt_and_nobody_is_named_in_it(
    town: WithHttp, providers: Settings, smtp: MailServer
) -> None:
    await announce(town)

    with traced() as seen:
        await apply(town, eligible=True)
        await town.settle()
        async with sending(town.databases["notifications"], providers):
            await until(lambda: mailed(smtp, "접수"))

    submitted = "kr.ieum.application.submitted.v1"
    assert seen.tree() >= {
        (f"handle {submitted}", "HTTP POST /applications"),
        (f"fold {submitted}", "HTTP POST /applications"),
        ("send email", f"handle {submitted}"),
    }
    told = " ".join(f"{one.name} {said(one)} {one.events}" for one in seen.spans)
    [recipient] = await town.rows("notifications", "recipient")
    [company] = await town.rows("applications", "company")
    secrets = [recipient["email"], recipient["phone"][-8:], company["name_ko"], company["business_number"]]
    assert [secret for secret in secrets if secret in told] == []
