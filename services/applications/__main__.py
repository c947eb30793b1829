"""python -m services.applications <role> [<role>…]"""

from services.applications.main import SERVICE
from shared.service import main

main(SERVICE)
