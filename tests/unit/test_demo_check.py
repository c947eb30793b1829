"""The check of the figures fails where the board differs, shows no value, or never catches up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson

from tools.demo.check import CheckResult, check
from tools.demo.clients import Addresses
from tools.demo.figures import Figure

TOTAL = Figure("g.total.all", 16_000, "백만원", date(2022, 6, 30), "gimcheon", "total.all")
VISITED = Figure("j.visited", 25, "곳", date(2025, 1, 20), "jeonbuk", "mentors.companies_visited")
RIGHT = {"gimcheon": {"total": {"all": 16_000_000_000}}, "jeonbuk": {"mentors": {"companies_visited": 25}}}


@contextmanager
def a_board(*states: dict[str, Any]) -> Iterator[Addresses]:
    """Run a board that serves these states in turn to each programme's requests, the last one for ever."""
    requests: dict[str, int] = {}

    class Board(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            programme = self.path.split("?")[0].rsplit("/", 1)[-1]
            requests[programme] = requests.get(programme, 0) + 1
            state = states[min(requests[programme], len(states)) - 1]
            self.send_response(200 if programme in state else 404)
            self.end_headers()
            self.wfile.write(orjson.dumps(state.get(programme, {"rule": "programme_unknown"})))

        def log_message(self, *_: object) -> None:
            """Write no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Board)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Addresses(
            {"monitoring": f"http://127.0.0.1:{server.server_port}"}, "", lambda subject, role: "t"
        )
    finally:
        server.shutdown()
        server.server_close()


async def check_board(*states: dict[str, Any], unchanged_seconds: float = 0.3) -> CheckResult:
    with a_board(*states) as addresses:
        return await check([TOTAL, VISITED], addresses, unchanged_seconds)


def shown(result: CheckResult) -> list[tuple[Any, bool]]:
    return [(row.as_json()["shown"], row.ok) for row in result.rows]


async def test_board_that_matches_the_documents_passes() -> None:
    result = await check_board(RIGHT)

    assert result.ok
    assert result.rows[0].as_json() == {
        "id": "g.total.all",
        "expected": 16_000,
        "shown": 16_000,
        "unit": "백만원",
        "as_of": "2022-06-30",
        "ok": True,
    }


async def test_difference_of_one_won_fails() -> None:
    result = await check_board(RIGHT | {"gimcheon": {"total": {"all": 16_000_000_001}}})

    assert shown(result) == [(16_000.000001, False), (25, True)]


async def test_figure_that_cannot_be_read_fails_without_a_value() -> None:
    result = await check_board({"gimcheon": {"total": {}}})

    assert shown(result) == [(None, False), (None, False)]


async def test_check_waits_for_a_board_that_is_catching_up() -> None:
    behind = RIGHT | {"jeonbuk": {"mentors": {"companies_visited": 24}}}

    result = await check_board(behind, behind, RIGHT, unchanged_seconds=3)

    assert result.ok
    assert result.waited_seconds > 0.5


async def test_empty_list_of_figures_fails() -> None:
    assert not CheckResult([], 0.0).ok
