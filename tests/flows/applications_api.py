"""Client of the applications service's HTTP API, with the requests that most tests send."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from services.applications.main import SERVICE
from shared.config import Settings
from shared.database.engine import Database
from shared.events.definition import Definition
from tests.builders import a_business_number
from tests.flows.web import Json, ServiceApi
from tests.unit.applications_builders import CLOSES_ON, IN_WINDOW, OPENS_ON, SELECTED_ON, a_definition

ROUND = "jeonbuk-2024"


class ApplicationsApi(ServiceApi):
    """Each step of a round as a method with a usual body; a test changes by name the fields that matter to it."""

    def __init__(self, database: Database, settings: Settings, folder: Path) -> None:
        super().__init__(SERVICE, database, settings, folder)

    async def publish(self, definition: Definition | None = None, on: date = date(2024, 2, 1)) -> Json:
        shape = (definition or a_definition()).model_dump(mode="json")
        return await self.post("/programmes", {"definition": shape, "occurred_on": f"{on}"})

    async def open_round(self, **changes: Any) -> Json:
        body = {
            "round_id": ROUND,
            "programme_id": "jeonbuk-smart-factory",
            "year": 2024,
            "name_ko": "2024년 공고",
            "opens_on": f"{OPENS_ON}",
            "closes_on": f"{CLOSES_ON}",
            "quota": {"JS1": 2, "JS2": 1},
            "occurred_on": "2024-03-20",
        }
        return await self.post("/rounds", body | changes)

    async def register(self, **changes: Any) -> str:
        body = {
            "business_number": a_business_number(),
            "name_ko": "기업 B-001",
            "municipality": "52130",
            "occurred_on": "2024-03-21",
        }
        return str((await self.post("/companies", body | changes))["company_id"])

    async def apply(self, company_id: str | None = None, **changes: Any) -> str:
        """Apply and return the case id."""
        body = {
            "round_id": ROUND,
            "company_id": company_id or await self.register(),
            "track": "JS1",
            "total_krw": 50_000_000,
            "occurred_on": f"{IN_WINDOW}",
        }
        return str((await self.post("/applications", body | changes))["case_id"])

    async def screen(self, case_id: str, *reasons: str) -> None:
        body = {"eligible": not reasons, "reasons": list(reasons), "occurred_on": "2024-04-10"}
        await self.post(f"/cases/{case_id}/screening", body)

    async def review(self, case_id: str, *totals: int) -> None:
        for number, total in enumerate(totals):
            scores = {"need": 0, "plan": total, "effect": 0}
            body = {"scores": scores, "conflict_of_interest": False, "occurred_on": "2024-05-02"}
            await self.post(f"/cases/{case_id}/reviews", body, "reviewer", f"reviewer-{number}")

    async def apply_and_review(self, total: int, **changes: Any) -> str:
        """Return the id of a new case, screened and reviewed by three with this total."""
        case_id = await self.apply(**changes)
        await self.screen(case_id)
        await self.review(case_id, total, total, total)
        return case_id

    async def close_round(self, round_id: str = ROUND) -> None:
        await self.post(f"/rounds/{round_id}/closing", {"occurred_on": f"{CLOSES_ON}"})

    async def decide_round(self, round_id: str = ROUND) -> Json:
        return await self.post(f"/rounds/{round_id}/selection", {"occurred_on": f"{SELECTED_ON}"})

    async def state(self, case_id: str | UUID) -> str:
        return str((await self.get(f"/cases/{case_id}"))["state"])
