"""HTTP API of companies: each request becomes a command."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from services.applications.companies import commands
from services.applications.companies.domain import Registration
from shared.values.business_number import BusinessNumber
from shared.web.http import DatedCommand, RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/companies", tags=["기업 / companies"])

Applicant = Annotated[Actor, Depends(require_role("officer", "company"))]


class Register(DatedCommand):
    business_number: BusinessNumber
    name_ko: Annotated[str, Field(min_length=1, max_length=200)]
    municipality: Annotated[str, Field(pattern=r"^\d{5}$")]
    industry: Annotated[str, Field(max_length=200)] = ""
    employees: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = None


class Registered(BaseModel):
    company_id: UUID


@router.post("", status_code=201, summary="기업을 등록한다 / Register a company")
async def register(body: Register, transaction: RequestTransaction, actor: Applicant) -> Registered:
    registration = Registration(**body.model_dump(exclude={"occurred_on"}))
    return Registered(company_id=await commands.register(transaction, registration, body.occurred_on))
