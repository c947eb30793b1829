"""The board without its database: an error page with the reason, and nothing that looks like a figure."""

from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from shared.config import Settings
from shared.database.engine import Database
from tests.flows.monitoring_api import Monitoring

UNREACHABLE = "postgresql://nobody@127.0.0.1:1/nothing"  # nothing listens there


@pytest.mark.parametrize("path", ["/", "/programmes", "/cases"])
async def test_an_unavailable_database_gives_an_error_page(
    settings: Settings, tmp_path: Path, path: str
) -> None:
    database = Database(UNREACHABLE, "monitoring")
    monitoring = Monitoring(database, settings, tmp_path, board_operator="demo-operator")

    async with AsyncClient(transport=ASGITransport(monitoring.app), base_url="http://127.0.0.1") as client:
        answer = await client.get(path)
    await database.close()

    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "데이터베이스가 답하지 않아" in answer.text
    assert "잠시 뒤 다시 여세요" in answer.text
