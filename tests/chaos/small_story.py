"""What happens in the small world: a programme, two companies, one paid tranche, one that gives up what was approved."""

from typing import Any

from tests.chaos.checker.cases import COLUMNS
from tests.chaos.history import Operation
from tests.chaos.small_world import DAY, PROGRAMME, World

Json = dict[str, Any]
OFFICER, APPROVER, OTHER, PAYER = "officer-1", "approver-1", "approver-2", "payer-1"
ROUND = f"{PROGRAMME}-2025"
HALF = {"province": 20, "city": 20}
SHARES = {"province": 40, "city": 40, "self": 20}
PAID, LEFT = "case-paid", "case-left"
DEFINITION = {
    "programme_id": PROGRAMME,
    "municipalities": [],
    "tranches": [{"part": 1}, {"part": 1}],
    "milestones": [{"key": "end"}],
}


def small_world() -> World:
    world = World()
    announce(world)
    for case_id in (PAID, LEFT):
        enter(world, case_id)
    select(world)
    for case_id in (PAID, LEFT):
        agree(world, case_id)
        approve(world, case_id)
    pay(world)
    leave(world)
    board(world)
    return world


def announce(world: World) -> None:
    said = {"programme_id": PROGRAMME, "version": 1, "definition": DEFINITION}
    publish = world.ask(
        "programmes",
        "applications",
        "/programmes",
        OFFICER,
        {"definition": DEFINITION, "occurred_on": DAY},
        result={"programme_id": PROGRAMME, "version": 1},
    )
    by(world, publish, "ieum.programmes", "programme.published", said, subject=PROGRAMME)
    world.tables["applications"]["programme_version"].append({"programme_id": PROGRAMME, "version": 1})
    for funder in ("province", "city"):
        body = {"programme_id": PROGRAMME, "fiscal_year": 2025, "funder": funder, "amount_krw": 100}
        allocate = world.ask("budgets", "funding", "/budgets", OFFICER, body, result=body)
        by(world, allocate, "ieum.funding", "budget.allocated", body, subject=f"{PROGRAMME}/2025")
        world.post("budget.allocated", allocate.id, {funder: 100}, "allocated", "available")


def enter(world: World, case_id: str) -> None:
    """A company registers and applies with two clicks and another key; it is screened and reviewed."""
    company = f"company-of-{case_id}"
    body = {"business_number": company}
    register = world.ask(
        "companies", "applications", "/companies", OFFICER, body, result={"company_id": company}
    )
    by(
        world,
        register,
        "ieum.companies",
        "company.registered",
        {"company_id": company} | body,
        subject=company,
    )
    world.tables["applications"]["company"].append({"id": company})
    contact = {"company_id": company}
    world.ask("recipients", "notifications", f"/recipients/{company}", company, {}, result=contact)
    world.tables["notifications"]["recipient"].append(contact)
    apply(world, case_id, company)
    screen = world.ask(
        "cases/screening", "applications", f"/cases/{case_id}/screening", OFFICER, {"eligible": True}
    )
    by(world, screen, "ieum.applications", "application.screened", of(case_id, eligible=True))
    world.tables["applications"]["screening"].append({"case_id": case_id})


def apply(world: World, case_id: str, company: str) -> None:
    body = {"round_id": ROUND, "company_id": company, "total_krw": 100}
    known = ("applications", "applications", "/applications", company, body)
    first = world.ask(*known, key=f"apply-{case_id}", result={"case_id": case_id})
    again = world.ask(*known, key=f"apply-{case_id}", result={"case_id": case_id})
    world.tables["applications"]["idempotency_key"].pop()
    assert first.key == again.key
    world.ask(*known, key=f"apply-{case_id}-other", outcome="refused", rule="once_a_round")
    world.ask(*known, key=f"apply-{case_id}-gone", outcome="unknown")
    said = {"year": 2025, "municipality": "47150", "receipt_number": f"R-{case_id}", "track": None} | body
    event = by(world, first, "ieum.applications", "application.submitted", of(case_id, **said))
    world.tell(event, case_id)
    world.tables["applications"]["case"].append({"id": case_id, "total_krw": 100})


def select(world: World) -> None:
    counts = {"selected": 2, "reserved": 0, "rejected": 0}
    asked = world.ask(
        "rounds/selection", "applications", f"/rounds/{ROUND}/selection", OFFICER, {}, result=counts
    )
    for rank, case_id in enumerate((PAID, LEFT), start=1):
        said = of(case_id, round_id=ROUND, year=2025, reason="순위", via="ranking", rank=rank, score="80")
        world.tell(by(world, asked, "ieum.applications", "company.selected", said), case_id)


def agree(world: World, case_id: str) -> None:
    body = {"total_krw": 100, "starts_on": DAY, "ends_on": "2025-10-31"}
    path = f"/cases/{case_id}/agreement"
    asked = world.ask("cases/agreement", "applications", path, OFFICER, body, result={"shares_krw": SHARES})
    said = of(case_id, version=1, year=2025, municipality="47150", shares_krw=SHARES, **body)
    signed = by(world, asked, "ieum.applications", "agreement.signed", said)
    world.tell(signed, case_id)
    world.tables["applications"]["agreement"].append({"case_id": case_id, "total_krw": 100})
    public = {"province": 40, "city": 40}
    years = [{"fiscal_year": 2025, "amounts_krw": public}]
    caused(world, signed, "ieum.funding", "funds.committed", of(case_id, years=years))
    world.post("funds.committed", signed, public, "available", "committed")
    world.post("self_contribution.pledged", signed, {"self": 20}, "promised", "pledged")
    for number in (1, 2):
        said = tranche(case_id, number, milestone="end")
        caused(world, signed, "ieum.funding", "tranche.scheduled", said)
    said = of(case_id, milestone="end", due_on="2025-07-10", completes=True)
    caused(world, signed, "ieum.monitoring", "milestone.scheduled", said)


def approve(world: World, case_id: str) -> None:
    """Own share, milestone, request; of two approvers the second one is refused."""
    own = {"amount_krw": 20, "evidence": "통장"}
    asked = world.ask(
        "cases/self-contribution", "funding", f"/cases/{case_id}/self-contribution", OFFICER, own
    )
    said = of(case_id, fiscal_year=2025, **own)
    world.tell(by(world, asked, "ieum.funding", "self_contribution.confirmed", said), case_id)
    world.post("self_contribution.confirmed", asked.id, {"self": 20}, "pledged", "evidenced")
    asked = world.ask(
        "cases/achievement", "monitoring", f"/cases/{case_id}/milestones/end/achievement", OFFICER, {}
    )
    said = of(case_id, milestone="end", due_on="2025-07-10", completes=True)
    achieved = by(world, asked, "ieum.monitoring", "milestone.achieved", said)
    world.tell(achieved, case_id)
    caused(world, achieved, "ieum.funding", "tranche.ready", tranche(case_id, 1))
    step(world, case_id, "request", "requested", OFFICER)
    approval = step(world, case_id, "approval", "approved", APPROVER)
    path = f"/cases/{case_id}/tranches/1/approval"
    world.ask("cases/approval", "funding", path, OTHER, {}, outcome="refused", rule="tranche_step")
    world.post("tranche.approved", approval, HALF, "committed", "payable")


def step(world: World, case_id: str, path: str, state: str, actor: str) -> str:
    """The id of what was asked."""
    asked = world.ask(f"cases/{path}", "funding", f"/cases/{case_id}/tranches/1/{path}", actor, {})
    said = tranche(case_id, 1) | {f"{state}_by": actor}
    by(world, asked, "ieum.funding", f"tranche.{state}", said)
    return asked.id


def pay(world: World) -> None:
    """Instructed; the treasury answers, says the same again, and then something else about it."""
    payment = {"payment_id": "payment-1", "amount_krw": 40}
    path = f"/cases/{PAID}/tranches/1/instruction"
    asked = world.ask("cases/instruction", "funding", path, PAYER, {}, result=payment)
    said = tranche(PAID, 1) | {"instructed_by": PAYER, "payment_id": "payment-1"}
    by(world, asked, "ieum.funding", "tranche.instructed", said)
    answer = payment | {"treasury_reference": "T-1"}
    executed = "treasury.payment_executed"
    first = world.outsider("ieum.external.treasury", executed, "payment-1", answer)
    world.hear(first)
    world.outsider("ieum.external.treasury", executed, "payment-1", answer, id=first.attributes["id"])
    other = answer | {"treasury_reference": "T-2"}
    again = world.outsider("ieum.external.treasury", executed, "payment-1", other)
    world.bury("funding", "consumer", again, "payment_answered")
    cause = first.attributes["id"]
    said = tranche(PAID, 1) | {"payment_id": "payment-1", "treasury_reference": "T-1"}
    world.tell(caused(world, cause, "ieum.funding", "tranche.disbursed", said), PAID)
    world.post("tranche.disbursed", cause, HALF, "payable", "disbursed")
    row = {"case_id": PAID, "number": 1, "answer": "executed", "treasury_reference": "T-1"}
    world.tables["funding"]["payment"].append(payment | row)
    people = {"requested_by": OFFICER, "approved_by": APPROVER, "instructed_by": PAYER}
    rows = world.tables["funding"]["tranche"]
    rows.append({"case_id": PAID, "number": 1, "status": "disbursed", "total_krw": 40} | people)
    nobody = dict.fromkeys(people)
    rows.append({"case_id": PAID, "number": 2, "status": "scheduled", "total_krw": 40} | nobody)


def leave(world: World) -> None:
    """What was approved is voided, and all that was committed is available again."""
    path, body = f"/cases/{LEFT}/abandonment", {"reason": "사정"}
    asked = world.ask("cases/abandonment", "applications", path, "company", body, result={"promoted": None})
    said = of(LEFT, stage="after_agreement", **body)
    gone = by(world, asked, "ieum.applications", "case.abandoned", said)
    world.tell(gone, LEFT)
    world.tables["applications"]["abandonment"].append({"case_id": LEFT})
    public = {"province": 40, "city": 40}
    years = [{"fiscal_year": 2025, "amounts_krw": public}]
    caused(world, gone, "ieum.funding", "commitment.released", of(LEFT, years=years))
    people = {"requested_by": OFFICER, "approved_by": APPROVER, "instructed_by": None}
    for number in (1, 2):
        row = {"case_id": LEFT, "number": number, "status": "cancelled", "total_krw": 40}
        world.tables["funding"]["tranche"].append(row | people)
    world.post("tranche.voided", gone, HALF, "payable", "committed")
    world.post("commitment.released", gone, public, "committed", "available")


def board(world: World) -> None:
    """The rows that the board shows, written out."""
    tables = world.tables["monitoring"]
    for rank, case_id in enumerate((PAID, LEFT), start=1):
        lost = {"relinquished_on": DAY, "relinquished_stage": "after_agreement"} if case_id == LEFT else {}
        won = {f"{funder}_krw": krw for funder, krw in SHARES.items()}
        row = dict.fromkeys(COLUMNS) | {
            "case_id": case_id,
            "programme_id": PROGRAMME,
            "round_id": ROUND,
            "year_from": 2025,
            "year_to": 2025,
            "company_id": f"company-of-{case_id}",
            "municipality": "47150",
            "number": f"R-{case_id}",
            "via": "ranking",
            "rank": rank,
            "score": "80",
            "reason": "순위",
            "eligible": True,
            "ends_on": "2025-10-31",
            "applied_krw": 100,
            "total_krw": 100,
            "final_due_on": "2025-07-10",
        }
        days = ("applied_on", "screened_on", "selected_on", "agreed_on", "starts_on", "completed_on")
        tables["case_row"].append(row | won | dict.fromkeys(days, DAY) | lost)
        for number in (1, 2):
            tables["tranche_row"].append(tranche_row(case_id, number))
    for kind, krw, events in (("allocated", 100, 2), ("committed", 40, 3), ("disbursed", 20, 1)):
        for funder in ("province", "city"):
            tile(world, kind, funder, krw)
        counted(world, kind, events)
    tile(world, "evidenced", "self", 40)
    counted(world, "evidenced", 2)


def tranche_row(case_id: str, number: int) -> Json:
    people = {"requested": OFFICER, "approved": APPROVER, "instructed": PAYER}
    states = ["scheduled", "ready", "requested", "approved", "instructed", "disbursed"]
    states = states[: 1 if number == 2 else 6 if case_id == PAID else 4]
    steps = [f'{{"state": "{one}", "on": "{DAY}", "by": {quoted(people.get(one))}}}' for one in states]
    return {
        "case_id": case_id,
        "number": number,
        "programme_id": PROGRAMME,
        "fiscal_year": 2025,
        "due_on": "2025-07-10",
        "milestone": "end",
        "national_krw": 0,
        "province_krw": 20,
        "city_krw": 20,
        "total_krw": 40,
        "state": states[-1],
        "steps": f"[{', '.join(steps)}]",
    }


def quoted(name: str | None) -> str:
    return "null" if name is None else f'"{name}"'


def tile(world: World, kind: str, funder: str, krw: int) -> None:
    at = {"programme_id": PROGRAMME, "kind": kind, "fiscal_year": 2025, "funder": funder}
    row = {"municipality": "", "occurred_on": DAY, "amount_krw": krw}
    world.tables["monitoring"]["money_rollup"].append(at | row)


def counted(world: World, kind: str, events: int) -> None:
    at = {"programme_id": PROGRAMME, "kind": kind, "fiscal_year": 2025, "occurred_on": DAY}
    world.tables["monitoring"]["money_event_rollup"].append(at | {"events": events})


def of(case_id: str, **said: Any) -> Json:
    return {"case_id": case_id, "programme_id": PROGRAMME} | said


def tranche(case_id: str, number: int, **said: Any) -> Json:
    money = {"number": number, "fiscal_year": 2025, "due_on": "2025-07-10", "amounts_krw": HALF}
    return of(case_id, **money, **said)


def by(world: World, asked: Operation, topic: str, name: str, data: Json, *, subject: str = "") -> str:
    """An event that a command led to; its subject is its case where nothing else is said."""
    about = subject or data["case_id"]
    return world.emit(topic, name, about, data, correlationid=asked.id, authid=asked.actor)


def caused(world: World, cause: str, topic: str, name: str, data: Json) -> str:
    """An event of a case that another event led to."""
    return world.emit(topic, name, data["case_id"], data, correlationid="far", causationid=cause)
