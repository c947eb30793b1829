"""Which events a company is told of, as which notice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifications.cases.domain import About
from services.notifications.templates import notices
from services.notifications.templates.notices import Notice
from shared.events import Event
from shared.events import applications as said
from shared.events import funding as paid
from shared.events import monitoring as seen
from shared.values.calendar import add_months
from shared.values.money import Funder, public

SETTLEMENT_MONTHS = 2  # 지방보조금법 시행령 제9조①
Fields = dict[str, Any]


def received(event: said.ApplicationSubmitted, about: About) -> Fields:
    requested = sum(public(event.requested_krw).values())
    amounts = {"total_krw": event.total_krw, "requested_krw": requested}
    return {"via": event.via, "submitted_on": event.occurred_on, "track": about.track, **amounts}


def screened_out(event: said.ApplicationScreened, about: About) -> Fields:
    return {"screened_on": event.occurred_on, "reasons": event.reasons}


def selected(event: said.CompanySelected, about: About) -> Fields:
    return {"selected_on": event.occurred_on, "via": event.via, "track": about.track}


def reserved(event: said.CompanyReserved, about: About) -> Fields:
    return {"decided_on": event.occurred_on, "track": about.track, "rank": event.rank}


def rejected(event: said.CompanyRejected, about: About) -> Fields:
    return {"decided_on": event.occurred_on, "reason": event.reason}


def agreement_signed(event: said.AgreementSigned, about: About) -> Fields:
    period = {"starts_on": event.starts_on, "ends_on": event.ends_on}
    own = event.shares_krw.get(Funder.SELF, 0)
    amounts = {"total_krw": event.total_krw, "self_krw": own, "shares_krw": event.shares_krw}
    return {"signed_on": event.occurred_on, **period, **amounts}


def self_contribution_confirmed(event: paid.SelfContributionConfirmed, about: About) -> Fields:
    return {"confirmed_on": event.occurred_on, "amount_krw": event.amount_krw}


def tranche(event: paid.TrancheEvent, about: About) -> Fields:
    name = about.called("tranche", str(event.number))
    return {"number": event.number, "tranche": name, "amount_krw": event.total_krw}


def tranche_disbursed(event: paid.TrancheDisbursed, about: About) -> Fields:
    return {"disbursed_on": event.occurred_on, "shares_krw": event.amounts_krw, **tranche(event, about)}


def tranche_failed(event: paid.TrancheFailed, about: About) -> Fields:
    return {"failed_on": event.occurred_on, "reason": event.reason, **tranche(event, about)}


def milestone_due_soon(event: seen.MilestoneDueSoon, about: About) -> Fields:
    return milestone_missed(event, about) | {"days_left": event.days_left}


def milestone_missed(event: seen.MilestoneEvent, about: About) -> Fields:
    return {"milestone": about.called("milestone", event.milestone), "due_on": event.due_on}


def completed(event: seen.MilestoneAchieved, about: About) -> Fields:
    report_by = add_months(event.occurred_on, SETTLEMENT_MONTHS)
    name = about.called("milestone", event.milestone)
    return {"completed_on": event.occurred_on, "milestone": name, "report_by": report_by}


def abandoned(event: said.CaseAbandoned, about: About) -> Fields:
    return {"abandoned_on": event.occurred_on, "stage": event.stage, "reason": event.reason}


@dataclass(frozen=True)
class Rule:
    """The notice of an event, its fields, and when there is one at all."""

    notice: type[Notice]
    fields: Callable[[Any, About], Fields]
    when: Callable[[Any], bool] = lambda event: True

    def holds(self, event: Event, recorded_at: datetime, now: datetime) -> bool:
        """What is older than the deadline is history: a rebuild or a replay tells nobody."""
        return recorded_at + self.notice.deadline > now and self.when(event)

    def compose(self, event: Event, about: About) -> Notice:
        common = about.model_dump(include=set(Notice.model_fields))
        return self.notice.model_validate(common | self.fields(event, about))


RULES: dict[type[Event], Rule] = {
    said.ApplicationSubmitted: Rule(notices.ApplicationReceived, received),
    said.ApplicationScreened: Rule(notices.ScreenedOut, screened_out, when=lambda event: not event.eligible),
    said.CompanySelected: Rule(notices.Selected, selected),
    said.CompanyReserved: Rule(notices.Reserved, reserved),
    said.CompanyRejected: Rule(notices.Rejected, rejected),
    said.AgreementSigned: Rule(notices.AgreementSigned, agreement_signed),
    said.CaseAbandoned: Rule(notices.Abandoned, abandoned),
    paid.SelfContributionConfirmed: Rule(notices.SelfContributionConfirmed, self_contribution_confirmed),
    paid.TrancheDisbursed: Rule(notices.TrancheDisbursed, tranche_disbursed),
    paid.TrancheFailed: Rule(notices.TrancheFailed, tranche_failed),
    seen.MilestoneDueSoon: Rule(notices.MilestoneDueSoon, milestone_due_soon),
    seen.MilestoneMissed: Rule(notices.MilestoneMissed, milestone_missed),
    seen.MilestoneAchieved: Rule(notices.Completed, completed, when=lambda event: event.completes),
}
