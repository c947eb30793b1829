"""The notifications service: queues a message for each event a company must know of, and sends it at most once."""

from services.notifications.consumers import HANDLERS
from services.notifications.delivery_reports.api import router as delivery_reports
from services.notifications.messages.api import router as messages
from services.notifications.messages.queries import measure
from services.notifications.recipients.api import router as recipients
from services.notifications.schema import Table
from services.notifications.sender import sender
from services.notifications.settings import NotificationsSettings
from shared.events.notifications import NotificationsRecordDeadLettered
from shared.service import Service

SERVICE = Service(
    name="notifications",
    title="알림 / messages to companies",
    tables=Table.metadata,
    settings=NotificationsSettings,
    dead_letter_event=NotificationsRecordDeadLettered,
    routers=[recipients, messages, delivery_reports],
    handlers=HANDLERS,
    roles={"sender": sender},
    measure=measure,
)
