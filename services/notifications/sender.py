"""The role `sender`: queued messages go out, each at most once.

    a claim is committed before anything is handed over, so a crash afterwards leaves it `sending`
    the provider said yes, or no for good   ->  sent, failed
    no answer after the hand-over, a crash  ->  unknown: never sent again by itself
    nothing was handed over                 ->  queued again; where the line is down, the channel waits, longer each time

Several senders at once are safe; messages of one case and channel keep their order.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar
from uuid import UUID

import structlog
from jinja2 import TemplateError
from pydantic import ValidationError

from services.notifications.channels.email import EmailChannel
from services.notifications.channels.outcomes import (
    Channel,
    Letter,
    Outcome,
    Postponed,
    Refused,
    Taken,
    Unclear,
)
from services.notifications.channels.sms import SmsChannel
from services.notifications.messages import commands
from services.notifications.messages.commands import Claimed
from services.notifications.messages.domain import NO_CONTACT, TOO_LATE, Move, moved_by
from services.notifications.templates.notices import NOTICES
from services.notifications.templates.rendering import render
from shared.config import Settings
from shared.database.engine import Database, is_transient
from shared.observability import tracing
from shared.observability.metrics import CHANNEL_DOWN
from shared.observability.tracing import Span, SpanKind, SpanSpec
from shared.service import Context
from shared.values.calendar import now

log = structlog.get_logger()

Answer = TypeVar("Answer")

SWEEP_SECONDS = 10.0
SETTLE_PATIENCE = 300.0  # seconds: after a minute the claim counts as unknown, and may still be answered


async def sender(context: Context) -> None:
    """Until cancelled; what is in hand then is still settled."""
    async with AsyncExitStack() as stack:
        desks = [Desk(channel, context) for channel in channels(context.settings)]
        for desk in desks:
            stack.push_async_callback(desk.channel.close)
            context.health.checks.append(desk.trouble)
            stack.callback(context.health.checks.remove, desk.trouble)
        async with asyncio.TaskGroup() as tasks:
            for desk in desks:
                tasks.create_task(desk.run())
            tasks.create_task(sweep(context))


def channels(settings: Settings) -> list[Channel]:
    sms = SmsChannel(settings.sms_url, settings.sms_api_key, settings.sms_api_secret, settings.sms_sender)
    return [EmailChannel(settings.smtp_url, settings.mail_from), sms]


async def sweep(context: Context) -> None:
    """Messages whose outcome nobody will tell any more."""
    while True:
        async with context.database.transaction() as session:
            lost = await commands.give_up_lost(session)
        if lost:
            log.warning("messages.unknown", count=lost)
        await asyncio.sleep(SWEEP_SECONDS)


class Desk:
    """One channel's way out. `problem`: why its line is down, in words."""

    def __init__(self, channel: Channel, context: Context) -> None:
        self.channel, self.context = channel, context
        self.settings = context.settings
        self.problem: str | None = None
        self.pause = 0.0
        CHANNEL_DOWN.labels(channel.name).set(0)

    async def run(self) -> None:
        async with self.context.database.listen("message") as heard:
            while True:
                heard.clear()
                outcomes = await finished(send_batch(self.context.database, self.channel, self.settings))
                self.judge(outcomes)
                if self.pause:
                    await asyncio.sleep(self.pause)
                elif not outcomes:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(heard.wait(), self.settings.poll_seconds)

    def judge(self, outcomes: Sequence[Outcome]) -> None:
        """A line that is down is waited for, longer each time, until something gets through."""
        down = [one.reason for one in outcomes if isinstance(one, Postponed) and one.line_down]
        if down:
            longest = self.settings.backoff_limit_seconds
            self.pause = min(self.pause * 2 or self.settings.backoff_seconds, longest)
            self.problem = down[0]
            log.warning("channel.down", channel=self.channel.name, reason=down[0], wait_seconds=self.pause)
        else:
            self.pause, self.problem = 0.0, None
        CHANNEL_DOWN.labels(self.channel.name).set(bool(down))
        self.context.health.progress()

    def trouble(self) -> str | None:
        return f"{self.channel.name}: {self.problem}" if self.problem else None


async def send_batch(database: Database, channel: Channel, settings: Settings) -> list[Outcome]:
    """Claim and commit; hand over; settle. What came of each message; nothing where none was due."""
    async with database.transaction() as session:
        claimed = await commands.claim(session, channel.name, channel.batch)
    if not claimed:
        return []
    outcomes = await hand_over(channel, claimed)
    moves = {
        one.id: moved_by(
            outcomes[one.id], one.attempts, settings.backoff_seconds, settings.backoff_limit_seconds
        )
        for one in claimed
    }
    async with asyncio.timeout(SETTLE_PATIENCE):
        await settle(database, moves, settings)
    return list(outcomes.values())


async def hand_over(channel: Channel, claimed: Sequence[Claimed]) -> Mapping[UUID, Outcome]:
    prepared = {one.id: prepare(one) for one in claimed}
    letters = [one for one in prepared.values() if isinstance(one, Letter)]
    refused = {id: one for id, one in prepared.items() if not isinstance(one, Letter)}
    if not letters:
        return refused
    handed = [one for one in claimed if one.id not in refused]
    try:
        with tracing.spans(SpanKind.CLIENT, [planned(channel, one) for one in handed]) as spans:
            outcomes = await channel.send(letters)
            for one, span in zip(handed, spans, strict=False):  # none while traces are off
                tell(span, outcomes.get(one.id))
        return {**refused, **outcomes}
    except Exception as error:
        # A fault of the adapter: whether anything left cannot be said.
        log.exception("channel.failed", channel=channel.name)
        unclear = Unclear(f"보내는 중에 오류가 났습니다: {type(error).__name__}")
        return {**refused, **{letter.message_id: unclear for letter in letters}}


def planned(channel: Channel, message: Claimed) -> SpanSpec:
    said = {"messaging.system": channel.name, "messaging.operation.type": "send"}
    named = {"messaging.message.id": str(message.id), "ieum.template": message.template}
    return SpanSpec(f"send {channel.name}", message.traceparent, said | named)


def tell(span: Span, outcome: Outcome | None) -> None:
    """Its class alone: a provider's words may repeat the address."""
    kind = type(outcome).__name__
    span.set_attribute("ieum.outcome", kind.lower())
    if not isinstance(outcome, Taken):
        tracing.set_error(span, kind)


def prepare(message: Claimed) -> Letter | Refused:
    if message.expires_at < now():
        return Refused(TOO_LATE)
    if message.address is None:
        return Refused(NO_CONTACT)
    try:
        notice = NOTICES[message.template].model_validate(message.data)
        return Letter(message.id, message.address, render(notice, message.language, message.channel))
    except (TemplateError, ValidationError, KeyError) as error:
        log.exception("template.failed", template=message.template)
        return Refused(f"양식 오류: {message.template} ({type(error).__name__})")


async def settle(database: Database, moves: Mapping[UUID, Move], settings: Settings) -> None:
    """What the provider said is known here only: a database that is away is waited for."""
    while True:
        try:
            async with database.transaction() as session:
                return await commands.settle(session, moves)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("messages.not_settled", reason=repr(error))
            await asyncio.sleep(settings.backoff_seconds)


async def finished(work: Coroutine[Any, Any, Answer]) -> Answer:
    """A batch in hand is settled before the sender stops."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
