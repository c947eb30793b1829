"""Who hears what: the auditor's own list, so that a service which forgets to listen is found out.

A test holds it to the services' handlers: one who changes them says so here.
"""

from collections.abc import Mapping

from shared.events import Event, RecordDeadLettered, catalogue
from shared.events import applications as a
from shared.events import external as x
from shared.events import funding as f
from shared.events import monitoring as m

PROJECTOR = "monitoring.projector"

CONSUMERS: Mapping[str, frozenset[type[Event]]] = {
    "applications": frozenset(
        {
            x.LegacyCaseRecorded,
            x.MinistryCompanySelected,
            x.RegistryBusinessClosed,
            x.RegistryBusinessSuspended,
        }
    ),
    "funding": frozenset(
        {
            a.ProgrammePublished,
            a.CaseRecorded,
            a.AgreementSigned,
            a.CaseAbandoned,
            a.CompanyClosed,
            m.MilestoneAchieved,
            x.TreasuryPaymentExecuted,
            x.TreasuryPaymentRejected,
        }
    ),
    "monitoring": frozenset(
        {a.ProgrammePublished, a.ApplicationSubmitted, a.CompanySelected, a.AgreementSigned, a.CaseAbandoned}
    ),
    "notifications": frozenset(
        {
            a.ProgrammePublished,
            a.CompanyRegistered,
            a.ApplicationSubmitted,
            a.ApplicationScreened,
            a.CompanySelected,
            a.CompanyReserved,
            a.CompanyRejected,
            a.AgreementSigned,
            a.CaseAbandoned,
            f.SelfContributionConfirmed,
            f.TrancheDisbursed,
            f.TrancheFailed,
            m.MilestoneAchieved,
            m.MilestoneDueSoon,
            m.MilestoneMissed,
        }
    ),
}
"""By consumer group, which bears the service's name."""

FOLDED = frozenset(
    event
    for event in catalogue.events()
    if event.source.startswith("/services/") and not issubclass(event, RecordDeadLettered)
)
"""The board's projector hears every event of ours; that a record was given up is told to people, not folded."""


def topics_of(events: frozenset[type[Event]]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


def source_of(service: str) -> str:
    """What a service calls itself in its events."""
    return f"/services/{service}"
