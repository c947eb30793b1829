"""Runs the inboxes: `python -m deploy.local.inbox`."""

import uvicorn

from deploy.local.inbox.app import application
from deploy.local.inbox.settings import Settings


def main() -> None:
    """Serve until SIGTERM."""
    settings = Settings()
    uvicorn.run(
        application(settings), host=settings.inbox_host, port=settings.inbox_port, log_level="warning"
    )


if __name__ == "__main__":
    main()
