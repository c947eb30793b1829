"""README.md says what the code does; `python -m tests.test_readme` writes its table of topics anew."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from deploy.kafka.topics import TOPICS
from services.applications.main import SERVICE as APPLICATIONS
from services.applications.programmes import commands as programmes
from shared.config import Settings
from shared.events.catalogue import events
from shared.events.definition import Definition
from shared.service import Service
from tests.databases import Databases
from tests.sources import ROOT, texts
from tests.system import KafkaSystem
from tools.cli import app
from tools.demo import definitions
from tools.devstack.services import SERVICES

README = ROOT / "README.md"
TABLE = re.compile("(?<=<!-- topics: begin -->\n).*?(?=<!-- topics: end -->)", re.DOTALL)
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def services() -> Iterator[Service]:
    for one in SERVICES:
        yield import_module(f"{one.module}.main").SERVICE


def publisher(source: str) -> str:
    """Return who publishes under the source: a service, or another system."""
    kind, name = source.strip("/").split("/")
    return name if kind == "services" else f"{name} system"


def subscribers(topic: str) -> Iterator[str]:
    """Yield the consumer groups that read the topic."""
    for service in services():
        yield from (f"`{group}`" for group, topics in service.topics_by_group().items() if topic in topics)


def topic_table() -> str:
    """Return every topic of the contract, from the event classes and the services' subscriptions."""
    rows = ["| topic | published by | events | subscribed by (consumer group) |", "|---|---|---|---|"]
    for topic in TOPICS:
        here = [event for event in events() if event.topic == topic]
        by = ", ".join(sorted({publisher(event.source) for event in here})) or "– (none yet)"
        names = ", ".join(f"`{event.name}`" for event in here) or "–"
        rows.append(f"| `{topic}` | {by} | {names} | {', '.join(sorted(subscribers(topic))) or '–'} |")
    return "\n".join(rows) + "\n"


def readme() -> str:
    return README.read_text(encoding="utf-8")


def test_the_table_of_topics_is_what_the_code_publishes_and_subscribes_to() -> None:
    [table] = TABLE.findall(readme())

    assert table == topic_table(), "run: python -m tests.test_readme"
    assert {event.topic for event in events()} <= set(TOPICS)


def test_the_table_of_verbs_is_what_the_command_has() -> None:
    [section] = re.findall(r"## The `ieum` command\n(.*?)\n## ", readme(), re.DOTALL)
    named = re.findall(r"^\| `ieum (\w+)` \|(.*)\|$", section, re.MULTILINE)
    verbs = get_command(app).commands  # type: ignore[attr-defined]  # typer makes a group of it

    assert {verb for verb, _ in named} == set(verbs)
    for verb, description in named:
        options = {text for parameter in verbs[verb].params for text in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", description)) <= options, verb


def test_the_roles_in_the_table_of_services_are_those_that_run() -> None:
    rows = re.findall(r"^\| \[(\w+)\]\(.*\) \|.*\| ([a-z ]+) \|$", readme(), re.MULTILINE)

    assert rows == sorted((one.name, " ".join(one.roles)) for one in SERVICES)
    for service in services():
        assert set(dict(rows)[service.name].split()) == set(service.all_roles())


def test_every_make_verb_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"^    make (\w+)|`make (\w+)`", readme(), re.MULTILINE))

    verbs = {verb for pair in named for verb in pair if verb}

    assert {"demo", "test", "proof", "soak", "chaos", "bench", "lint", "format", "setup"} <= verbs
    assert verbs <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


def test_links_lead_somewhere() -> None:
    for path, text in texts():
        if path.suffix == ".md":
            linked = [link for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)", text) if "://" not in link]
            assert [link for link in linked if not (ROOT / path.parent / link).exists()] == [], path


def test_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)", readme())

    assert pictures
    assert [one for one in pictures if not (ROOT / one).exists()] == []


def test_it_stays_a_map() -> None:
    assert len(readme().splitlines()) <= 200


@pytest.mark.connected
async def test_the_event_of_the_readme_is_taken_up_once(
    databases: Databases, connected: Settings, topics_emptied: None, tmp_path: Path
) -> None:
    [code] = SNIPPET.findall(readme())
    (tmp_path / "publish.py").write_text(code, encoding="utf-8")
    async with KafkaSystem([APPLICATIONS], databases, connected) as system:
        await system.start()
        async with databases["applications"].transaction() as session:
            await programmes.publish(session, *a_definition("gimcheon-smart-factory"))

        run(tmp_path / "publish.py", connected)
        run(tmp_path / "publish.py", connected)  # another ce_id, the same record
        await system.run_until_quiescent()

        emitted = [row["type"] for row in await system.rows("applications", "event_log")]
        assert emitted == ["kr.ieum.programme.published.v1", "kr.ieum.case.recorded.v1"]
        assert await system.count("applications", "inbox") == 2
        assert await system.rows("applications", "dead_letter") == []


def a_definition(programme: str) -> tuple[Definition, date]:
    [one] = [
        (one.content, one.published_on)
        for one in definitions.load_all()
        if isinstance(one.content, Definition) and one.content.programme_id == programme
    ]
    return one


def run(script: Path, settings: Settings) -> None:
    environment = {**os.environ, "IEUM_KAFKA_BOOTSTRAP": settings.kafka_bootstrap}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: topic_table(), readme()), encoding="utf-8")
