"""The check is red where the board differs, shows nothing, or never catches up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson

from tools.demo.check import Checked, check
from tools.demo.clients import Addresses
from tools.demo.figures import Figure

TOTAL = Figure("g.total.all", 16_000, "백만원", date(2022, 6, 30), "gimcheon", "total.all")
VISITED = Figure("j.visited", 25, "곳", date(2025, 1, 20), "jeonbuk", "mentors.companies_visited")
RIGHT = {"gimcheon": {"total": {"all": 16_000_000_000}}, "jeonbuk": {"mentors": {"companies_visited": 25}}}


@contextmanager
def a_board(*states: dict[str, Any]) -> Iterator[Addresses]:
    """Answers with these states in turn, the last one for ever: each is asked once a programme."""
    asked: dict[str, int] = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            programme = self.path.split("?")[0].rsplit("/", 1)[-1]
            asked[programme] = asked.get(programme, 0) + 1
            state = states[min(asked[programme], len(states)) - 1]
            self.send_response(200 if programme in state else 404)
            self.end_headers()
            self.wfile.write(orjson.dumps(state.get(programme, {"rule": "programme_unknown"})))

        def log_message(self, *_: object) -> None:
            """A test's board says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Addresses(
            {"monitoring": f"http://127.0.0.1:{server.server_port}"}, "", lambda subject, role: "t"
        )
    finally:
        server.shutdown()
        server.server_close()


async def checked(*states: dict[str, Any], still_seconds: float = 0.3) -> Checked:
    with a_board(*states) as addresses:
        return await check([TOTAL, VISITED], addresses, still_seconds)


def shown(found: Checked) -> list[tuple[Any, bool]]:
    return [(row.as_json()["shown"], row.ok) for row in found.rows]


async def test_what_the_board_shows_as_the_documents_state_is_ok() -> None:
    found = await checked(RIGHT)

    assert found.ok
    assert found.rows[0].as_json() == {
        "id": "g.total.all",
        "expected": 16_000,
        "shown": 16_000,
        "unit": "백만원",
        "as_of": "2022-06-30",
        "ok": True,
    }


async def test_one_won_of_difference_is_red() -> None:
    found = await checked(RIGHT | {"gimcheon": {"total": {"all": 16_000_000_001}}})

    assert shown(found) == [(16_000.000001, False), (25, True)]


async def test_a_figure_that_cannot_be_read_is_red_and_shows_nothing() -> None:
    found = await checked({"gimcheon": {"total": {}}})

    assert shown(found) == [(None, False), (None, False)]


async def test_the_check_waits_for_a_board_that_still_folds() -> None:
    behind = RIGHT | {"jeonbuk": {"mentors": {"companies_visited": 24}}}

    found = await checked(behind, behind, RIGHT, still_seconds=3)

    assert found.ok
    assert found.waited_seconds > 0.5


async def test_no_figures_at_all_is_not_ok() -> None:
    assert not Checked([], 0.0).ok
