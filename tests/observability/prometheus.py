"""A real Prometheus that scrapes the embedded stack, with the product's rules at shortened times."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.observability.test_rules import FILE
from tools.devstack.ports import free_ports

TIMEOUT_SECONDS = 120.0  # the machine may be busy
SHORTENED = {
    "IeumOutboxNotPublished": ("> 60", "> 3"),
    "IeumFallenBehind": ("> 120", "> 3"),
    "IeumDeadLetters": ("< 3600", "< 20"),
    "IeumMessagesNotLeaving": (
        '> 900 or increase(ieum_messages_total{state="unknown"}[1h])',
        '> 5 or increase(ieum_messages_total{state="unknown"}[20s])',
    ),
}


def shortened_rules() -> dict[str, Any]:
    """Return the rules with a `for` of one second and the times of SHORTENED; the rest of them is unchanged."""
    rules = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        if "for" in rule:
            rule["for"] = "1s"
        if change := SHORTENED.get(rule["alert"]):
            before, after = change
            assert rule["expr"].count(before) == 1, rule["expr"]
            rule["expr"] = rule["expr"].replace(before, after)
    return dict(rules)


class Prometheus:
    """A client of Prometheus' HTTP API that waits for alerts."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=10, trust_env=False)

    async def firing(self) -> set[str]:
        alerts = (await self.http.get("/api/v1/alerts")).json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    async def has_series(self, metric: str) -> bool:
        response = await self.http.get("/api/v1/query", params={"query": metric})
        return bool(response.json()["data"]["result"])

    async def wait_until_ready(self) -> None:
        """Wait until Prometheus has scraped its targets once."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not (await self.is_ready() and await self.has_series("up")):
            assert time.monotonic() < deadline, "prometheus is not ready: see its log"
            await asyncio.sleep(0.3)

    async def is_ready(self) -> bool:
        try:
            return (await self.http.get("/-/ready")).is_success
        except httpx.HTTPError:
            return False

    async def wait_for_alert(self, name: str, fires: bool) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (name in (firing := await self.firing())) != fires:
            assert time.monotonic() < deadline, f"{name} fires: {not fires}; firing: {firing}"
            await asyncio.sleep(0.3)

    async def wait_until_firing(self, name: str) -> None:
        await self.wait_for_alert(name, fires=True)

    async def wait_until_resolved(self, name: str) -> None:
        await self.wait_for_alert(name, fires=False)

    async def wait_until_no_alert(self) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while firing := await self.firing():
            assert time.monotonic() < deadline, f"still firing: {firing}"
            await asyncio.sleep(0.3)


def start_process(command: list[str], output: Path) -> "subprocess.Popen[bytes]":
    with output.open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


@asynccontextmanager
async def running_prometheus(program: str, folder: Path, targets: Iterable[str]) -> AsyncIterator[Prometheus]:
    """Run Prometheus with scrapes and rule evaluations every second, and yield its client."""
    [port] = free_ports(1)
    (folder / "rules.yml").write_text(yaml.safe_dump(shortened_rules(), allow_unicode=True), encoding="utf-8")
    jobs = [{"job_name": "ieum", "static_configs": [{"targets": sorted(targets)}]}]
    every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config = {"global": every, "rule_files": ["rules.yml"], "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    process = start_process([*command, f"--web.listen-address=127.0.0.1:{port}"], folder / "prometheus.log")
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    try:
        await prometheus.wait_until_ready()
        yield prometheus
    finally:
        await prometheus.http.aclose()
        process.terminate()
        process.wait(30)
