"""The checker's own list of who says what and who hears it, written from the contract and not from the code."""

from collections.abc import Mapping

SOURCES: Mapping[str, str] = {
    "ieum.programmes": "/services/applications",
    "ieum.companies": "/services/applications",
    "ieum.applications": "/services/applications",
    "ieum.funding": "/services/funding",
    "ieum.monitoring": "/services/monitoring",
    "ieum.notifications": "/services/notifications",
}

PROGRAMMES, COMPANIES, APPLICATIONS = "ieum.programmes", "ieum.companies", "ieum.applications"
FUNDING, MONITORING, NOTIFICATIONS = "ieum.funding", "ieum.monitoring", "ieum.notifications"
MINISTRY, TREASURY = "ieum.external.ministry", "ieum.external.treasury"
REGISTRY, LEGACY = "ieum.external.registry", "ieum.external.legacy"

# Group, topic, and the events there that the group hears (all of them version 1).
HEARD: Mapping[str, Mapping[str, frozenset[str]]] = {
    "applications": {
        LEGACY: frozenset({"legacy.case_recorded"}),
        MINISTRY: frozenset({"ministry.company_selected"}),
        REGISTRY: frozenset({"registry.business_closed", "registry.business_suspended"}),
    },
    "funding": {
        PROGRAMMES: frozenset({"programme.published"}),
        COMPANIES: frozenset({"company.closed"}),
        APPLICATIONS: frozenset({"case.recorded", "agreement.signed", "case.abandoned"}),
        MONITORING: frozenset({"milestone.achieved"}),
        TREASURY: frozenset({"treasury.payment_executed", "treasury.payment_rejected"}),
    },
    "monitoring": {
        PROGRAMMES: frozenset({"programme.published"}),
        APPLICATIONS: frozenset(
            {"application.submitted", "company.selected", "agreement.signed", "case.abandoned"}
        ),
    },
    "notifications": {
        PROGRAMMES: frozenset({"programme.published"}),
        COMPANIES: frozenset({"company.registered"}),
        APPLICATIONS: frozenset(
            {
                "application.submitted",
                "application.screened",
                "company.selected",
                "company.reserved",
                "company.rejected",
                "agreement.signed",
                "case.abandoned",
            }
        ),
        FUNDING: frozenset({"self_contribution.confirmed", "tranche.disbursed", "tranche.failed"}),
        MONITORING: frozenset({"milestone.achieved", "milestone.due_soon", "milestone.missed"}),
    },
}

BOARD = "monitoring"
PUBLIC = ("national", "province", "city")
OWN = "self"
