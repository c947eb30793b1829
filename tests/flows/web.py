"""A service's HTTP edge in this process, spoken to as each role; and the events that the service gave out."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from shared.config import Settings
from shared.database.engine import Database
from shared.service import Service
from tools.devstack.state import State
from tools.devstack.tokens import jwks_file, mint

Json = dict[str, Any]


class Edge:
    """Asks as officer unless a role is named: `post` and `get` expect success, `ask` takes any answer."""

    def __init__(
        self, service: Service, database: Database, settings: Settings, folder: Path, **changes: Any
    ) -> None:
        self.database, self.issuer = database, State(folder)
        configured = settings.model_copy(update={"jwks_file": jwks_file(self.issuer)} | changes)
        self.app = service.app(database, configured, [], serves_api=True)
        self.client = self.client_from("127.0.0.1")

    def client_from(self, address: str, base_url: str = "http://127.0.0.1") -> AsyncClient:
        return AsyncClient(transport=ASGITransport(self.app, client=(address, 123)), base_url=base_url)

    def bearer(self, role: str, subject: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {mint(self.issuer, subject, [role])}"}

    async def ask(
        self, method: str, path: str, body: Json | None = None, role: str = "officer", subject: str = "u-1"
    ) -> httpx.Response:
        headers = self.bearer(role, subject) | {"Idempotency-Key": str(uuid4())}
        return await self.client.request(method, path, json=body, headers=headers)

    async def post(self, path: str, body: Json, role: str = "officer", subject: str = "u-1") -> Json:
        answer = await self.ask("POST", path, body, role, subject)
        assert answer.status_code in (200, 201), answer.text
        found: Json = answer.json()
        return found

    async def get(self, path: str, role: str = "officer", subject: str = "u-1") -> Json:
        answer = await self.ask("GET", path, None, role, subject)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def told(self, name: str) -> list[Json]:
        """The events of this name that the service gave out, in order."""
        async with self.database.transaction() as session:
            found = await session.execute(
                text("select data from event_log where type = :type order by position"),
                {"type": f"kr.ieum.{name}.v1"},
            )
            return [json.loads(data) for (data,) in found]
