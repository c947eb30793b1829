"""Notice rules: the events that lead to a notice, and its fields."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifications.cases.domain import MessageContext
from services.notifications.templates import notices
from services.notifications.templates.notices import Notice
from shared.events import Event, applications, funding, monitoring
from shared.values.calendar import add_months
from shared.values.money import Funder, public

SETTLEMENT_MONTHS = 2  # 지방보조금법 시행령 제9조①
Fields = dict[str, Any]


def application_received(event: applications.ApplicationSubmitted, context: MessageContext) -> Fields:
    requested = sum(public(event.requested_krw).values())
    amounts = {"total_krw": event.total_krw, "requested_krw": requested}
    return {"via": event.via, "submitted_on": event.occurred_on, "track": context.track, **amounts}


def screened_out(event: applications.ApplicationScreened, context: MessageContext) -> Fields:
    return {"screened_on": event.occurred_on, "reasons": event.reasons}


def selected(event: applications.CompanySelected, context: MessageContext) -> Fields:
    facts = {"via": event.via, "track": context.track, "standing": standing(event)}
    return {"selected_on": event.occurred_on, **facts}


def reserved(event: applications.CompanyReserved, context: MessageContext) -> Fields:
    waiting = event.rank - event.ranking.quota if event.ranking else None
    facts = {"rank": event.rank, "standing": standing(event), "reserve_number": waiting}
    return {"decided_on": event.occurred_on, "track": context.track, **facts}


def standing(event: applications.CompanySelected | applications.CompanyReserved) -> Fields | None:
    """Return where a ranked application stands; None where it was not ranked, or the event has no ranking."""
    if event.ranking is None:
        return None
    counts = event.ranking.model_dump(include={"applications", "reviews"})
    return {"rank": event.rank, "score": event.score, **counts}


def rejected(event: applications.CompanyRejected, context: MessageContext) -> Fields:
    return {"decided_on": event.occurred_on, "cause": event.cause, "findings": event.findings}


def agreement_signed(event: applications.AgreementSigned, context: MessageContext) -> Fields:
    period = {"starts_on": event.starts_on, "ends_on": event.ends_on}
    own = event.shares_krw.get(Funder.SELF, 0)
    amounts = {"total_krw": event.total_krw, "self_krw": own, "shares_krw": event.shares_krw}
    return {"signed_on": event.occurred_on, **period, **amounts}


def self_contribution_confirmed(event: funding.SelfContributionConfirmed, context: MessageContext) -> Fields:
    return {"confirmed_on": event.occurred_on, "amount_krw": event.amount_krw}


def tranche(event: funding.TrancheEvent, context: MessageContext) -> Fields:
    name = context.name_of("tranche", str(event.number))
    return {"number": event.number, "tranche": name, "amount_krw": event.total_krw}


def tranche_disbursed(event: funding.TrancheDisbursed, context: MessageContext) -> Fields:
    return {"disbursed_on": event.occurred_on, "shares_krw": event.amounts_krw, **tranche(event, context)}


def tranche_failed(event: funding.TrancheFailed, context: MessageContext) -> Fields:
    return {"failed_on": event.occurred_on, "reason": event.reason, **tranche(event, context)}


def milestone_due_soon(event: monitoring.MilestoneDueSoon, context: MessageContext) -> Fields:
    return milestone_missed(event, context) | {"days_left": event.days_left}


def milestone_missed(event: monitoring.MilestoneEvent, context: MessageContext) -> Fields:
    return {"milestone": context.name_of("milestone", event.milestone), "due_on": event.due_on}


def completed(event: monitoring.MilestoneAchieved, context: MessageContext) -> Fields:
    report_by = add_months(event.occurred_on, SETTLEMENT_MONTHS)
    name = context.name_of("milestone", event.milestone)
    return {"completed_on": event.occurred_on, "milestone": name, "report_by": report_by}


def abandoned(event: applications.CaseAbandoned, context: MessageContext) -> Fields:
    return {"abandoned_on": event.occurred_on, "stage": event.stage, "reason": event.reason}


@dataclass(frozen=True)
class NoticeRule:
    """How an event becomes a notice: its class, its fields, and a condition on the event."""

    notice: type[Notice]
    fields: Callable[[Any, MessageContext], Fields]
    when: Callable[[Any], bool] = lambda event: True

    def applies(self, event: Event, recorded_at: datetime, now: datetime) -> bool:
        """Whether the event leads to a notice; one past its deadline does not, so that a replay sends nothing."""
        return recorded_at + self.notice.deadline > now and self.when(event)

    def compose(self, event: Event, context: MessageContext) -> Notice:
        common = context.model_dump(include=set(Notice.model_fields))
        return self.notice.model_validate(common | self.fields(event, context))


RULES: dict[type[Event], NoticeRule] = {
    applications.ApplicationSubmitted: NoticeRule(notices.ApplicationReceived, application_received),
    applications.ApplicationScreened: NoticeRule(
        notices.ScreenedOut, screened_out, when=lambda event: not event.eligible
    ),
    applications.CompanySelected: NoticeRule(notices.Selected, selected),
    applications.CompanyReserved: NoticeRule(notices.Reserved, reserved),
    applications.CompanyRejected: NoticeRule(notices.Rejected, rejected),
    applications.AgreementSigned: NoticeRule(notices.AgreementSigned, agreement_signed),
    applications.CaseAbandoned: NoticeRule(notices.Abandoned, abandoned),
    funding.SelfContributionConfirmed: NoticeRule(
        notices.SelfContributionConfirmed, self_contribution_confirmed
    ),
    funding.TrancheDisbursed: NoticeRule(notices.TrancheDisbursed, tranche_disbursed),
    funding.TrancheFailed: NoticeRule(notices.TrancheFailed, tranche_failed),
    monitoring.MilestoneDueSoon: NoticeRule(notices.MilestoneDueSoon, milestone_due_soon),
    monitoring.MilestoneMissed: NoticeRule(notices.MilestoneMissed, milestone_missed),
    monitoring.MilestoneAchieved: NoticeRule(
        notices.Completed, completed, when=lambda event: event.completes
    ),
}
