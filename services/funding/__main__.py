"""`python -m services.funding ROLE …`"""

from services.funding.main import SERVICE
from shared.service import main

main(SERVICE)
