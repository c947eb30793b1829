"""`python -m services.monitoring ROLE …`"""

from services.monitoring.main import SERVICE
from shared.service import main

main(SERVICE)
