"""`python -m services.notifications ROLE …`: api, consumer, relay, sender, migrate."""

from services.notifications.main import SERVICE
from shared.service import main

main(SERVICE)
