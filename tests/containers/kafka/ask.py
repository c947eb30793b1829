#!/usr/bin/env python3
"""Replacement for Kafka's kafka-broker-api-versions.sh: requests a broker's API versions; exit 0 when it answers."""

import socket
import struct
import sys

API_VERSIONS, VERSION, CORRELATION = 18, 0, 7
SECONDS = 5


def main() -> None:
    """Run with the original's arguments: `--bootstrap-server HOST:PORT`."""
    host, _, port = sys.argv[sys.argv.index("--bootstrap-server") + 1].rpartition(":")
    request = struct.pack(">hhih", API_VERSIONS, VERSION, CORRELATION, -1)
    with socket.create_connection((host, int(port)), SECONDS) as broker, broker.makefile("rb") as answer:
        broker.sendall(struct.pack(">i", len(request)) + request)
        _, correlation, error = struct.unpack(">iih", answer.read(10))
    sys.exit(error or correlation != CORRELATION)


if __name__ == "__main__":
    main()
