"""All projections once more from the first record: the one place where the auditor uses a service's own folds."""

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.config import Settings
from shared.projections.rebuild import Rebuild, RebuildResult
from tools.audit.target import Target

SCHEMA = "monitoring"


async def rebuild(target: Target, *, swap: bool = False) -> RebuildResult:
    """Fold every topic into shadow tables and compare them with the live ones; with `swap` they take their place."""
    settings = Settings(kafka_bootstrap=target.kafka)
    return await Rebuild(SCHEMA, target.owners[SCHEMA], PROJECTIONS, settings).run(swap)
