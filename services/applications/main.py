"""Applications service: takes applications and decides on them."""

from services.applications.agreements.api import router as agreements
from services.applications.cases.api import router as cases
from services.applications.companies.api import router as companies
from services.applications.consumers import HANDLERS
from services.applications.programmes.api import router as programmes
from services.applications.reviews.api import router as reviews
from services.applications.rounds.api import router as rounds
from services.applications.schema import Table
from services.applications.selection.api import router as selection
from shared.events.applications import ApplicationsRecordDeadLettered
from shared.service import Service

SERVICE = Service(
    name="applications",
    title="사업 신청과 선정 / applications and selection",
    tables=Table.metadata,
    dead_letter_event=ApplicationsRecordDeadLettered,
    routers=[programmes, companies, rounds, cases, reviews, selection, agreements],
    handlers=HANDLERS,
)
