"""The monitoring service in this process: its consumer fed with events, its api spoken to as each role."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from httpx import ASGITransport, AsyncClient
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from sqlalchemy import text

from services.monitoring.main import SERVICE
from shared.config import Settings
from shared.db import Database
from shared.events import Event
from shared.events.cloudevents import Envelope, seal
from shared.values.calendar import now

Json = dict[str, Any]


class Monitoring:
    """`hears` hands events to the handlers as the consumer does; `ask` goes through the whole HTTP edge."""

    def __init__(self, database: Database, settings: Settings, folder: Path, **changes: Any) -> None:
        self.database = database
        self.key = OKPKey.generate_key("Ed25519", {"kid": "test"})
        file = folder / "jwks.json"
        file.write_text(json.dumps(KeySet([self.key]).as_dict(private=False)), encoding="utf-8")
        self.settings = settings.model_copy(update={"jwks_file": file} | changes)
        self.app = SERVICE.app(database, self.settings, [], serves_api=True)
        self.client = self.client_from("127.0.0.1")

    def client_from(self, address: str, base_url: str = "http://127.0.0.1") -> AsyncClient:
        return AsyncClient(transport=ASGITransport(self.app, client=(address, 123)), base_url=base_url)

    async def hears(self, events: Iterable[Event]) -> None:
        for event in events:
            if handler := SERVICE.handlers.get(type(event)):
                async with self.database.transaction() as session:
                    await handler(session, event, Envelope.model_validate(seal(event)))

    def token(self, role: str, subject: str) -> str:
        claims = {
            "iss": self.settings.token_issuer,
            "aud": self.settings.token_audience,
            "sub": subject,
            "exp": int(now().timestamp()) + 600,
            "roles": [role],
        }
        return jwt.encode({"alg": "Ed25519", "kid": "test"}, claims, self.key, algorithms=["Ed25519"])

    async def ask(
        self, method: str, path: str, body: Json | None = None, role: str = "officer", subject: str = "u-1"
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(role, subject)}", "Idempotency-Key": str(uuid4())}
        return await self.client.request(method, path, json=body, headers=headers)

    async def post(self, path: str, body: Json, role: str = "officer", subject: str = "u-1") -> Json:
        answer = await self.ask("POST", path, body, role, subject)
        assert answer.status_code in (200, 201), answer.text
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
