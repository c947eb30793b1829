"""A real Prometheus over the embedded stack, with the rules as they are but for their times."""

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

PATIENCE = 120.0  # seconds; the machine may be busy
SOON = {
    "IeumOutboxNotPublished": ("> 60", "> 3"),
    "IeumFallenBehind": ("> 120", "> 3"),
    "IeumDeadLetters": ("< 3600", "< 20"),
    "IeumMessagesNotLeaving": (
        '> 900 or increase(ieum_messages_total{state="unknown"}[1h])',
        '> 5 or increase(ieum_messages_total{state="unknown"}[20s])',
    ),
}


def in_a_hurry() -> dict[str, Any]:
    """The rules with `for` of a second and the times of SOON; all else of them is as it stands."""
    rules = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        if "for" in rule:
            rule["for"] = "1s"
        if change := SOON.get(rule["alert"]):
            before, after = change
            assert rule["expr"].count(before) == 1, rule["expr"]
            rule["expr"] = rule["expr"].replace(before, after)
    return dict(rules)


class Prometheus:
    """What it says of our alerts."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=10, trust_env=False)

    async def firing(self) -> set[str]:
        alerts = (await self.http.get("/api/v1/alerts")).json()["data"]["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    async def knows(self, metric: str) -> bool:
        found = await self.http.get("/api/v1/query", params={"query": metric})
        return bool(found.json()["data"]["result"])

    async def is_ready(self) -> None:
        """It has looked at every target at least once."""
        deadline = time.monotonic() + PATIENCE
        while not (await self.answers() and await self.knows("up")):
            assert time.monotonic() < deadline, "prometheus is not ready: see its log"
            await asyncio.sleep(0.3)

    async def answers(self) -> bool:
        try:
            return (await self.http.get("/-/ready")).is_success
        except httpx.HTTPError:
            return False

    async def until(self, name: str, fires: bool) -> None:
        deadline = time.monotonic() + PATIENCE
        while (name in (now := await self.firing())) != fires:
            assert time.monotonic() < deadline, f"{name} fires: {not fires}; firing: {now}"
            await asyncio.sleep(0.3)

    async def fires(self, name: str) -> None:
        await self.until(name, fires=True)

    async def is_over(self, name: str) -> None:
        await self.until(name, fires=False)

    async def is_quiet(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while now := await self.firing():
            assert time.monotonic() < deadline, f"still firing: {now}"
            await asyncio.sleep(0.3)


def started(command: list[str], said: Path) -> "subprocess.Popen[bytes]":
    with said.open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


@asynccontextmanager
async def watching(program: str, folder: Path, targets: Iterable[str]) -> AsyncIterator[Prometheus]:
    """It looks and judges every second."""
    [port] = free_ports(1)
    (folder / "rules.yml").write_text(yaml.safe_dump(in_a_hurry(), allow_unicode=True), encoding="utf-8")
    jobs = [{"job_name": "ieum", "static_configs": [{"targets": sorted(targets)}]}]
    every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config = {"global": every, "rule_files": ["rules.yml"], "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    process = started([*command, f"--web.listen-address=127.0.0.1:{port}"], folder / "prometheus.log")
    found = Prometheus(f"http://127.0.0.1:{port}")
    try:
        await found.is_ready()
        yield found
    finally:
        await found.http.aclose()
        process.terminate()
        process.wait(30)
