"""The role `sender`: sends each queued message at most once.

    claimed                                 ->  sending; committed before the message is sent, so a crash leaves it there
    accepted, refused for good              ->  sent, failed
    no answer after sending, or a crash     ->  unknown: never sent again by itself
    not sent                                ->  queued again; while its provider is down, the channel backs off

Several senders may run at once; messages of one case and channel keep their order.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar
from uuid import UUID

import structlog
from jinja2 import TemplateError
from opentelemetry.trace import Span, SpanKind
from pydantic import ValidationError

from services.notifications.channels.email import EmailChannel
from services.notifications.channels.outcomes import (
    Accepted,
    Channel,
    Deferred,
    Failed,
    Indeterminate,
    Outcome,
    OutgoingMessage,
)
from services.notifications.channels.sms import SmsChannel
from services.notifications.messages import commands
from services.notifications.messages.commands import ClaimedMessage
from services.notifications.messages.domain import NO_CONTACT, TOO_LATE, Transition, transition_after
from services.notifications.settings import NotificationsSettings
from services.notifications.templates import words
from services.notifications.templates.notices import NOTICES
from services.notifications.templates.rendering import render
from shared.config import MessagingSettings
from shared.database.engine import Database, is_transient
from shared.observability import tracing
from shared.observability.metrics import CHANNEL_DOWN
from shared.observability.tracing import SpanSpec
from shared.service import Context
from shared.values.clock import now

log = structlog.get_logger()

Result = TypeVar("Result")

EXPIRY_INTERVAL = 10.0  # seconds
RECORD_TIMEOUT = 300.0  # seconds: an outcome may be recorded long after its claim has expired to `unknown`


async def sender(context: Context) -> None:
    """Run one worker a channel until cancelled; outcomes of messages already sent are still recorded."""
    async with AsyncExitStack() as stack:
        assert isinstance(context.settings, NotificationsSettings)
        workers = [ChannelWorker(channel, context) for channel in channels(context.settings)]
        for worker in workers:
            stack.push_async_callback(worker.channel.close)
            context.health.checks.append(worker.problem)
            stack.callback(context.health.checks.remove, worker.problem)
        async with asyncio.TaskGroup() as tasks:
            for worker in workers:
                tasks.create_task(worker.run())
            tasks.create_task(expire_unknown(context))


def channels(settings: NotificationsSettings) -> list[Channel]:
    """Return the channels of the configured providers."""
    sms = SmsChannel(settings.sms_url, settings.sms_api_key, settings.sms_api_secret, settings.sms_sender)
    return [EmailChannel(settings.smtp_url, settings.mail_from), sms]


async def expire_unknown(context: Context) -> None:
    """Mark messages as `unknown` whose outcome is overdue, every ten seconds until cancelled."""
    while True:
        async with context.database.transaction() as transaction:
            expired = await commands.expire_unknown(transaction)
        if expired:
            log.warning("messages.unknown", count=expired)
        await asyncio.sleep(EXPIRY_INTERVAL)


class ChannelWorker:
    """Sender of one channel's messages. `down_reason`: why its provider is down, or None."""

    def __init__(self, channel: Channel, context: Context) -> None:
        self.channel, self.context = channel, context
        self.settings = context.settings
        self.down_reason: str | None = None
        self.pause_seconds = 0.0
        CHANNEL_DOWN.labels(channel.name).set(0)

    async def run(self) -> None:
        async with self.context.database.listen("message") as new_messages:
            while True:
                new_messages.clear()
                outcomes = await finish_before_cancelling(
                    send_batch(self.context.database, self.channel, self.settings)
                )
                self.update_backoff(outcomes)
                if self.pause_seconds:
                    await asyncio.sleep(self.pause_seconds)
                elif not outcomes:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(new_messages.wait(), self.settings.poll_seconds)

    def update_backoff(self, outcomes: Sequence[Outcome]) -> None:
        """Double the pause while the provider is down; end it with the first batch that gets through."""
        reasons = [
            down_reason(outcome)
            for outcome in outcomes
            if isinstance(outcome, Deferred) and outcome.provider_down
        ]
        if reasons:
            longest = self.settings.backoff_limit_seconds
            self.pause_seconds = min(self.pause_seconds * 2 or self.settings.backoff_seconds, longest)
            self.down_reason = reasons[0]
            log.warning(
                "channel.down", channel=self.channel.name, reason=reasons[0], wait_seconds=self.pause_seconds
            )
        else:
            self.pause_seconds, self.down_reason = 0.0, None
        CHANNEL_DOWN.labels(self.channel.name).set(bool(reasons))
        self.context.health.progress()

    def problem(self) -> str | None:
        return f"{self.channel.name}: {self.down_reason}" if self.down_reason else None


def down_reason(outcome: Deferred) -> str:
    ko, en = (words.problem(outcome.problem, language) for language in ("ko", "en"))
    return f"{ko} / {en} ({outcome.answer})"


async def send_batch(database: Database, channel: Channel, settings: MessagingSettings) -> list[Outcome]:
    """Claim due messages and commit; send them; record and return their outcomes (empty if none was due)."""
    async with database.transaction() as transaction:
        claimed = await commands.claim(transaction, channel.name, channel.batch)
    if not claimed:
        return []
    outcomes = await send_claimed(channel, claimed)
    transitions = {
        message.id: transition_after(
            outcomes[message.id], message.attempts, settings.backoff_seconds, settings.backoff_limit_seconds
        )
        for message in claimed
    }
    async with asyncio.timeout(RECORD_TIMEOUT):
        await record_outcomes(database, transitions, settings)
    return list(outcomes.values())


async def send_claimed(channel: Channel, claimed: Sequence[ClaimedMessage]) -> Mapping[UUID, Outcome]:
    """Send what can be sent, in one call of the channel; return the outcome of every claimed message."""
    prepared = {message.id: prepare(message) for message in claimed}
    outgoing = [message for message in prepared.values() if isinstance(message, OutgoingMessage)]
    failed = {id: outcome for id, outcome in prepared.items() if isinstance(outcome, Failed)}
    if not outgoing:
        return failed
    sent = [message for message in claimed if message.id not in failed]
    try:
        with tracing.spans(SpanKind.CLIENT, [span_spec(channel, message) for message in sent]) as spans:
            outcomes = await channel.send(outgoing)
            for message, span in zip(sent, spans, strict=False):  # no spans while tracing is off
                set_span_outcome(span, outcomes.get(message.id))
        return {**failed, **outcomes}
    except Exception as error:
        # A fault of the adapter: it is not known whether any message has left.
        log.exception("channel.failed", channel=channel.name)
        indeterminate = Indeterminate("channel_error", type(error).__name__)
        return {**failed, **{message.message_id: indeterminate for message in outgoing}}


def span_spec(channel: Channel, message: ClaimedMessage) -> SpanSpec:
    operation = {"messaging.system": channel.name, "messaging.operation.type": "send"}
    identity = {"messaging.message.id": str(message.id), "ieum.template": message.template}
    return SpanSpec(f"send {channel.name}", message.traceparent, operation | identity)


def set_span_outcome(span: Span, outcome: Outcome | None) -> None:
    """Set the outcome's class on the span, without the provider's answer, which may repeat the address."""
    kind = type(outcome).__name__
    span.set_attribute("ieum.outcome", kind.lower())
    if not isinstance(outcome, Accepted):
        tracing.set_error(span, kind)


def prepare(message: ClaimedMessage) -> OutgoingMessage | Failed:
    """Render a claimed message; Failed if it is too late, has no address, or its template does not fit its data."""
    if message.expires_at < now():
        return Failed(TOO_LATE)
    if message.address is None:
        return Failed(NO_CONTACT)
    try:
        notice = NOTICES[message.template].model_validate(message.data)
        return OutgoingMessage(message.id, message.address, render(notice, message.language, message.channel))
    except (TemplateError, ValidationError, KeyError) as error:
        log.exception("template.failed", template=message.template)
        return Failed("template_error", f"{message.template} ({type(error).__name__})")


async def record_outcomes(
    database: Database, transitions: Mapping[UUID, Transition], settings: MessagingSettings
) -> None:
    """Commit the transitions, retrying while the database is unavailable: only this process knows the outcomes."""
    while True:
        try:
            async with database.transaction() as transaction:
                return await commands.record_outcomes(transaction, transitions)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("messages.outcomes_not_recorded", reason=repr(error))
            await asyncio.sleep(settings.backoff_seconds)


async def finish_before_cancelling(work: Coroutine[Any, Any, Result]) -> Result:
    """Await `work` to its end even if this task is cancelled meanwhile; then raise the cancellation."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
