"""Spans reach the collector that the environment names; a dead or unresponsive one costs spans only."""

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
    """A collector for OTLP over HTTP; `received` lists (service, span name)."""

    received: list[tuple[str, str]] = []

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
        for resource in request.resource_spans:
            [service] = [
                attribute.value.string_value
                for attribute in resource.resource.attributes
                if attribute.key == "service.name"
            ]
            self.received += [(service, span.name) for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""


@contextmanager
def running_collector() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def unresponsive_collector() -> Iterator[str]:
    """Accept connections and never respond."""
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def no_collector() -> Iterator[str]:
    yield f"http://127.0.0.1:{free_ports(1)[0]}"


class FundingApi:
    """Funding's API as a process of its own, with traces to `endpoint` through a small queue."""

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

    async def send_commands(self) -> list[int]:
        """Send many commands and return the status of each response."""
        headers = {"authorization": f"Bearer {mint(self.issuer, 'u-1', ['operator'])}"}
        base = f"http://127.0.0.1:{self.port}"
        async with AsyncClient(base_url=base, headers=headers, timeout=60, trust_env=False) as client:
            await wait_until_ready(client)
            body = {"up_to": f"{date(2024, 7, 1)}"}
            return [(await client.post("/deadlines", json=body)).status_code for _ in range(REQUESTS)]


async def wait_until_ready(client: AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await client.get("/readyz")).is_success:
                return
        except HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("never ready")


async def run_commands(funding: FundingApi) -> list[int]:
    """Start the process, send the commands and stop it, which must exit with 0; return the statuses."""
    process = funding.start()
    try:
        statuses = await funding.send_commands()
    finally:
        process.terminate()
        code = await asyncio.to_thread(process.wait, 60)
    assert code == 0
    return statuses


async def test_spans_reach_the_collector(databases: Databases, tmp_path: Path) -> None:
    with running_collector() as endpoint:
        statuses = await run_commands(FundingApi(tmp_path, endpoint))

    assert set(statuses) == {200}
    assert ("funding", "POST /deadlines") in Collector.received


@pytest.mark.parametrize("collector", [unresponsive_collector, no_collector])
async def test_dead_collector_costs_spans_and_nothing_else(
    databases: Databases, tmp_path: Path, collector: Callable[[], AbstractContextManager[str]]
) -> None:
    with collector() as endpoint:
        funding = FundingApi(tmp_path, endpoint)
        statuses = await run_commands(funding)

    log = funding.log.read_text()
    assert set(statuses) == {200}
    assert "Queue full, dropping Span" in log
    assert "Traceback" not in log
