"""The published contract in the auditor's own words: topics, events, subscriptions, allowed steps, effects.

Written from docs/events and the documents, not from the services' code: a service that forgets a subscription or
allows a step too many is found out. tests/unit/test_audit_contract.py compares the lists with both.
"""

from collections.abc import Mapping
from typing import Any

Steps = Mapping[str, frozenset[str]]

APPLICATIONS, FUNDING, MONITORING, NOTIFICATIONS = "applications", "funding", "monitoring", "notifications"
SERVICES = (APPLICATIONS, FUNDING, MONITORING, NOTIFICATIONS)
PROJECTOR = "monitoring.projector"

TOPIC_PREFIX, EXTERNAL_PREFIX, TYPE_PREFIX = "ieum.", "ieum.external.", "kr.ieum."
TREASURY = "ieum.external.treasury"
PUBLIC = ("national", "province", "city")
SELF = "self"
DEAD_LETTERED = "record.dead_lettered"


NEWEST_VERSIONS: Mapping[str, int] = {
    "company.rejected": 2,
    "company.reserved": 2,
    "company.selected": 2,
    "message.failed": 2,
    "message.unknown": 2,
}
"""The newest version of each event that has more than one; logs hold the earlier ones, and every subscriber reads them."""

PROSE: Mapping[str, str] = {
    f"{TYPE_PREFIX}{name}.v1": "reason"
    for name in (
        "company.rejected",
        "company.reserved",
        "company.selected",
        "message.failed",
        "message.unknown",
    )
}
"""By earlier type: the field that holds a sentence, which the newest version has no more. All else is as it was."""


def _types(names: str) -> frozenset[str]:
    """Return the types of the events in every version."""
    return frozenset(
        f"{TYPE_PREFIX}{name}.v{version}"
        for name in names.split()
        for version in range(1, NEWEST_VERSIONS.get(name, 1) + 1)
    )


def newest(type: str, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the event's type and content in its newest version."""
    name = type.removeprefix(TYPE_PREFIX).rpartition(".v")[0]
    content = {field: value for field, value in body.items() if field != PROSE.get(type)}
    return f"{TYPE_PREFIX}{name}.v{NEWEST_VERSIONS.get(name, 1)}", content


PUBLISHER: Mapping[str, str] = {
    "ieum.programmes": APPLICATIONS,
    "ieum.companies": APPLICATIONS,
    "ieum.applications": APPLICATIONS,
    "ieum.funding": FUNDING,
    "ieum.monitoring": MONITORING,
    "ieum.notifications": NOTIFICATIONS,
}
"""The service that publishes on each topic of ours."""

EVENTS: Mapping[str, frozenset[str]] = {
    "ieum.programmes": _types(
        "programme.proposed programme.published round.agreed round.closed round.opened"
    ),
    "ieum.companies": _types("company.closed company.registered"),
    "ieum.applications": _types(
        "agreement.signed application.screened application.submitted application.withdrawn case.abandoned "
        "case.recorded company.rejected company.reserved company.selected record.dead_lettered review.submitted"
    ),
    "ieum.funding": _types(
        "budget.allocated commitment.released funds.committed past_spending.booked record.dead_lettered "
        "self_contribution.confirmed tranche.approved tranche.disbursed tranche.failed tranche.held "
        "tranche.instructed tranche.ready tranche.rejected tranche.requested tranche.scheduled tranche.unconfirmed"
    ),
    "ieum.monitoring": _types(
        "mentor.assigned mentor.visited milestone.achieved milestone.due_soon milestone.missed milestone.reported "
        "milestone.scheduled pledge.progress_reported record.dead_lettered"
    ),
    "ieum.notifications": _types(
        "message.delivered message.failed message.sent message.unknown record.dead_lettered"
    ),
    "ieum.external.legacy": _types("legacy.case_recorded"),
    "ieum.external.ministry": _types("ministry.company_selected"),
    "ieum.external.registry": _types("registry.business_closed registry.business_suspended"),
    TREASURY: _types("treasury.payment_executed treasury.payment_rejected"),
}
"""The event types of each topic, in every version."""

SUBSCRIPTIONS: Mapping[str, Mapping[str, frozenset[str]]] = {
    APPLICATIONS: {
        "ieum.external.legacy": _types("legacy.case_recorded"),
        "ieum.external.ministry": _types("ministry.company_selected"),
        "ieum.external.registry": _types("registry.business_closed registry.business_suspended"),
    },
    FUNDING: {
        "ieum.programmes": _types("programme.published"),
        "ieum.companies": _types("company.closed"),
        "ieum.applications": _types("case.recorded agreement.signed case.abandoned"),
        "ieum.monitoring": _types("milestone.achieved"),
        TREASURY: _types("treasury.payment_executed treasury.payment_rejected"),
    },
    MONITORING: {"ieum.applications": _types("agreement.signed case.abandoned")},
    NOTIFICATIONS: {
        "ieum.programmes": _types("programme.published"),
        "ieum.companies": _types("company.registered"),
        "ieum.applications": _types(
            "application.submitted application.screened company.selected company.reserved company.rejected "
            "agreement.signed case.abandoned"
        ),
        "ieum.funding": _types("self_contribution.confirmed tranche.disbursed tranche.failed"),
        "ieum.monitoring": _types("milestone.achieved milestone.due_soon milestone.missed"),
    },
}
"""By consumer group, which bears its service's name: the event types that it handles, by topic."""

PROJECTED: Mapping[str, frozenset[str]] = {
    topic: EVENTS[topic] - _types(DEAD_LETTERED) for topic in PUBLISHER
}
"""The event types that the projector folds: all of ours but those that report a dead letter."""

GROUPS: Mapping[str, Mapping[str, frozenset[str]]] = {**SUBSCRIPTIONS, PROJECTOR: PROJECTED}


def source_of(topic: str) -> str:
    """Return the CloudEvents source of the topic's publisher: /services/funding, /external/treasury."""
    if topic.startswith(EXTERNAL_PREFIX):
        return f"/external/{topic.removeprefix(EXTERNAL_PREFIX)}"
    return f"/services/{PUBLISHER[topic]}"


# Allowed steps: event names (or their last words) that may follow each; `begin`: what may come first.


def _steps(**following: str) -> Steps:
    return {name: frozenset(names.split()) for name, names in following.items()}


TRANCHE_STEPS = _steps(
    begin="scheduled",
    scheduled="ready held",
    ready="requested held",
    requested="approved rejected held",
    rejected="requested held",
    approved="instructed held",
    instructed="disbursed failed unconfirmed",
    unconfirmed="disbursed failed",
    failed="requested held",
)
MILESTONE_STEPS = _steps(
    begin="scheduled",
    scheduled="due_soon reported achieved missed",
    due_soon="due_soon reported achieved missed",
    reported="due_soon reported achieved missed",
    missed="reported achieved",
)
_DECIDED = "company.selected company.reserved company.rejected"
CASE_STEPS = _steps(
    begin="application.submitted case.recorded",
    **{
        "application.submitted": "application.screened application.withdrawn company.selected",
        "application.screened": f"review.submitted application.withdrawn {_DECIDED}",
        "review.submitted": f"review.submitted application.withdrawn {_DECIDED}",
        "company.reserved": "company.selected case.abandoned",
        "company.selected": "agreement.signed case.abandoned",
        "agreement.signed": "case.abandoned",
    },
)

TRANCHE_STATUS: Mapping[str, str] = {"rejected": "ready", "failed": "ready"}
"""A tranche row's status after a step whose word is another: it can be requested again."""

WITH_TREASURY = frozenset({"instructed", "unconfirmed", "disbursed"})
"""Statuses in which an abandoned case no longer cancels the tranche."""

UNIQUE: Mapping[str, tuple[str, ...]] = {
    "round.opened": ("round_id",),
    "round.closed": ("round_id",),
    "company.registered": ("business_number",),
    "case.recorded": ("system", "record_id"),
    "application.submitted": ("round_id", "company_id"),
    "application.screened": ("case_id",),
    "review.submitted": ("case_id", "reviewer_id"),
    "company.selected": ("case_id",),
    "company.reserved": ("case_id",),
    "company.rejected": ("case_id",),
    "agreement.signed": ("case_id",),
    "case.abandoned": ("case_id",),
    "past_spending.booked": ("case_id", "fiscal_year"),
    "funds.committed": ("case_id",),
    "self_contribution.confirmed": ("case_id",),
    "tranche.scheduled": ("case_id", "number"),
    "tranche.ready": ("case_id", "number"),
    "tranche.instructed": ("payment_id",),
    "tranche.disbursed": ("case_id", "number"),
    "tranche.failed": ("payment_id",),
    "tranche.unconfirmed": ("payment_id",),
    "milestone.scheduled": ("case_id", "milestone"),
    "milestone.achieved": ("case_id", "milestone"),
    "milestone.missed": ("case_id", "milestone", "due_on"),
    "milestone.due_soon": ("case_id", "milestone", "due_on", "days_left"),
    "message.sent": ("message_id",),
    "message.delivered": ("message_id",),
}
"""Events that happen once whatever caused them, by the fields that name the occurrence."""

EFFECTS: tuple[tuple[str, str, str, str], ...] = (
    (APPLICATIONS, "legacy.case_recorded", "case.recorded", "one"),
    (APPLICATIONS, "ministry.company_selected", "application.submitted", "one"),
    (APPLICATIONS, "ministry.company_selected", "company.selected", "one"),
    (FUNDING, "case.recorded", "past_spending.booked", "if_money"),
    (FUNDING, "agreement.signed", "funds.committed", "one"),
    (FUNDING, "agreement.signed", "tranche.scheduled", "tranches"),
    (FUNDING, "treasury.payment_executed", "tranche.disbursed", "one"),
    (FUNDING, "treasury.payment_rejected", "tranche.failed", "one"),
    (MONITORING, "agreement.signed", "milestone.scheduled", "milestones"),
)
"""Consumer, cause, effect, and how many effects each handled cause has: `one`, one `if_money` is named in it, or one
for each of the `tranches` or `milestones` of the programme's definition in the agreement's version."""
