"""Spans reach the collector that the environment names; one that is dead or silent touches nothing else."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from httpx import AsyncClient, HTTPError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.databases import Databases, app_url
from tools.devstack.ports import free_ports
from tools.devstack.state import State
from tools.devstack.tokens import jwks_file, mint

REQUESTS = 200


class Collector(BaseHTTPRequestHandler):
    """Takes OTLP over HTTP: (service, span) of all it got."""

    got: list[tuple[str, str]] = []

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
        for resource in request.resource_spans:
            [service] = [
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            ]
            self.got += [(service, span.name) for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def collector() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def silence() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def nobody() -> Iterator[str]:
    yield f"http://127.0.0.1:{free_ports(1)[0]}"


class Funding:
    """Funding's api as a process of its own, with traces to `endpoint` through a small queue."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.issuer, self.log, self.port = State(folder), folder / "log", free_ports(1)[0]
        self.environment = {
            **os.environ,
            "IEUM_DATABASE_URL": app_url("funding"),
            "IEUM_PORT": str(self.port),
            "IEUM_JWKS_FILE": str(jwks_file(self.issuer)),
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_BSP_MAX_QUEUE_SIZE": "64",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "services.funding", "api"]
        with self.log.open("wb") as log:
            return subprocess.Popen(command, env=self.environment, stderr=log, stdout=log)

    async def ask(self) -> list[int]:
        """The status of each of many commands."""
        headers = {"authorization": f"Bearer {mint(self.issuer, 'u-1', ['operator'])}"}
        base = f"http://127.0.0.1:{self.port}"
        async with AsyncClient(base_url=base, headers=headers, timeout=60, trust_env=False) as client:
            await ready(client)
            body = {"up_to": f"{date(2024, 7, 1)}"}
            return [(await client.post("/deadlines", json=body)).status_code for _ in range(REQUESTS)]


async def ready(client: AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await client.get("/readyz")).is_success:
                return
        except HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("never ready")


async def asked(funding: Funding) -> list[int]:
    """It is started, asked, and told to end, which it does in order."""
    process = funding.start()
    try:
        statuses = await funding.ask()
    finally:
        process.terminate()
        code = await asyncio.to_thread(process.wait, 60)
    assert code == 0
    return statuses


async def test_spans_reach_the_collector(databases: Databases, tmp_path: Path) -> None:
    with collector() as endpoint:
        statuses = await asked(Funding(tmp_path, endpoint))

    assert set(statuses) == {200}
    assert ("funding", "HTTP POST /deadlines") in Collector.got


@pytest.mark.parametrize("collector", [silence, nobody])
async def test_a_dead_collector_costs_spans_and_nothing_else(
    databases: Databases, tmp_path: Path, collector: Callable[[], AbstractContextManager[str]]
) -> None:
    with collector() as endpoint:
        funding = Funding(tmp_path, endpoint)
        statuses = await asked(funding)

    log = funding.log.read_text()
    assert set(statuses) == {200}
    assert "Queue full, dropping Span" in log
    assert "Traceback" not in log
