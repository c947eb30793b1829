"""Entry point of the inboxes: `python -m tools.devstack.inbox`."""

import uvicorn

from tools.devstack.inbox.app import application
from tools.devstack.inbox.settings import Settings


def main() -> None:
    """Serve until SIGTERM."""
    settings = Settings()
    uvicorn.run(
        application(settings), host=settings.inbox_host, port=settings.inbox_port, log_level="warning"
    )


if __name__ == "__main__":
    main()
