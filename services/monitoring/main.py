"""The monitoring service: milestones, mentors and pledges of cases, and the board with its projections."""

from services.monitoring.board import api as board
from services.monitoring.board import configuration
from services.monitoring.consumers import HANDLERS
from services.monitoring.figures import api as figures
from services.monitoring.figures.metrics import measure
from services.monitoring.mentors import api as mentors
from services.monitoring.milestones import api as milestones
from services.monitoring.milestones.commands import run_deadlines
from services.monitoring.pledges import api as pledges
from services.monitoring.projections.catalogue import PROJECTIONS, affected_programme
from services.monitoring.schema import Table
from services.monitoring.settings import MonitoringSettings
from shared.events.monitoring import MonitoringRecordDeadLettered
from shared.service import Service

SERVICE = Service(
    name="monitoring",
    title="현황과 이정표 / monitoring",
    tables=Table.metadata,
    settings=MonitoringSettings,
    dead_letter_event=MonitoringRecordDeadLettered,
    routers=[milestones.router, mentors.router, pledges.router, figures.router, board.router, board.stream],
    handlers=HANDLERS,
    projections=PROJECTIONS,
    projections_version=2,
    change_key=affected_programme,
    deadlines=run_deadlines,
    measure=measure,
    configure_app=configuration.configure_app,
)
