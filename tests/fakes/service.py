"""A fake service with health endpoints only: `python -m tests.fakes.service <role> …`."""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Health(BaseHTTPRequestHandler):
    """Handler that answers 200 at the three paths that every process serves."""

    def do_GET(self) -> None:
        """Answer with the roles of the command line."""
        known = self.path in ("/healthz", "/readyz", "/metrics")
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(" ".join(sys.argv[1:]).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def main() -> None:
    """Serve the health endpoints, or for the role `migrate` end at once."""
    if "--broken" in os.environ.get("IEUM_FAKE", ""):
        sys.exit("fake: broken on purpose")
    if sys.argv[1:] != ["migrate"]:
        ThreadingHTTPServer((os.environ["IEUM_HOST"], int(os.environ["IEUM_PORT"])), Health).serve_forever()


if __name__ == "__main__":
    main()
