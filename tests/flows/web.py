"""Client of a service's HTTP API in this process, for any role, and the events that the service emitted."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from httpx import ASGITransport, AsyncClient

from shared.config import Settings
from shared.database.engine import Database
from shared.service import Service
from tools.devstack.state import State
from tools.devstack.tokens import jwks_file, mint

Json = dict[str, Any]

EMITTED = "select data from event_log where type like $1 order by position"


class ServiceApi:
    """HTTP client, an officer unless a role is named: `post` and `get` expect success, `request` takes any response."""

    def __init__(
        self, service: Service, database: Database, settings: Settings, folder: Path, **changes: Any
    ) -> None:
        self.database, self.issuer = database, State(folder)
        configured = service.settings(
            **settings.model_dump() | {"jwks_file": jwks_file(self.issuer)} | changes
        )
        self.app = service.app(database, configured, [], serves_api=True)
        self.client = self.client_from("127.0.0.1")

    def client_from(self, address: str, base_url: str = "http://127.0.0.1") -> AsyncClient:
        return AsyncClient(transport=ASGITransport(self.app, client=(address, 123)), base_url=base_url)

    def bearer(self, role: str, subject: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {mint(self.issuer, subject, [role])}"}

    async def request(
        self, method: str, path: str, body: Json | None = None, role: str = "officer", subject: str = "u-1"
    ) -> httpx.Response:
        """Send a request with a new idempotency key and return its response."""
        headers = self.bearer(role, subject) | {"Idempotency-Key": str(uuid4())}
        return await self.client.request(method, path, json=body, headers=headers)

    async def post(self, path: str, body: Json, role: str = "officer", subject: str = "u-1") -> Json:
        response = await self.request("POST", path, body, role, subject)
        assert response.status_code in (200, 201), response.text
        content: Json = response.json()
        return content

    async def get(self, path: str, role: str = "officer", subject: str = "u-1") -> Json:
        response = await self.request("GET", path, None, role, subject)
        assert response.status_code == 200, response.text
        content: Json = response.json()
        return content

    async def emitted(self, name: str) -> list[Json]:
        """Return the data of the events of this name that the service emitted, in order."""
        async with self.database.transaction() as transaction:
            rows = await transaction.fetch(EMITTED, f"kr.ieum.{name}.v%")
        return [json.loads(row.data) for row in rows]
