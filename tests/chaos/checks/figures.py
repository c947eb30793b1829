"""C4: the clients' own figures, computed from their answers alone, are what the board's tables say."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.chaos.history import Operation
from tools.audit.contract import SELF
from tools.audit.database import Database
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, finding

KO = "고객이 받은 답에서 나온 숫자와 현황판이 같다"
EN = "the board shows what the clients were answered"
CLIENTS = "chaos/"  # how their keys begin
EXECUTED = "kr.ieum.treasury.payment_executed.v1"
Figures = Counter[str]


async def check(evidence: Evidence, history: Sequence[Operation]) -> Finding:
    """Every programme of the clients."""
    expected, shown = Figures(), Figures()
    for programme in _programmes(history):
        expected += answered(history, programme)
        shown += await on_board(evidence.database, programme)
    counts = [
        Count(expected[name], name, name) for name in ("cases", "selected", "agreed won", "disbursed won")
    ]
    return finding(
        counts,
        (
            f"{name}: {shown[name]:,} on the board, {expected[name]:,} by what the clients were answered"
            for name in sorted(expected.keys() | shown.keys())
            if shown[name] != expected[name]
        ),
    )


def _programmes(history: Sequence[Operation]) -> list[str]:
    published = _accepted(history, "programmes", CLIENTS)
    return sorted({operation.result["programme_id"] for operation in published})


def _accepted(history: Sequence[Operation], what: str, keys: str) -> list[Operation]:
    """Return each command of these keys once, however often it was sent."""
    chosen = (
        operation
        for operation in history
        if (operation.kind, operation.what, operation.outcome) == ("command", what, "ok")
    )
    return list({operation.key: operation for operation in chosen if operation.key.startswith(keys)}.values())


def answered(history: Sequence[Operation], programme: str) -> Figures:
    """Return the figures by the answers: every case was screened, an abandoned award goes to the promoted case."""
    keys = f"{CLIENTS}{programme.rpartition('-')[2]}/"
    abandoned = _accepted(history, "cases/abandonment", keys)
    signed = _accepted(history, "cases/agreement", keys)
    promoted = sum(operation.result["promoted"] is not None for operation in abandoned)
    selected = sum(operation.result["selected"] for operation in _accepted(history, "rounds/selection", keys))
    figures = Figures(
        {
            "cases": len(_accepted(history, "cases/screening", keys)),
            "selected": selected - len(abandoned) + promoted,
            "agreed won": sum(operation.body["total_krw"] for operation in signed),
        }
    )
    [published] = _accepted(history, "programmes", keys)
    parts = [rule["part"] for rule in published.body["definition"]["tranches"]]
    return figures + _paid(history, parts, signed, _accepted(history, "cases/instruction", keys))


def _paid(
    history: Sequence[Operation], parts: list[int], signed: list[Operation], instructed: list[Operation]
) -> Figures:
    """By funder: the agreed shares divided by the definition's parts, for every payment that the treasury executed."""
    shares = {operation.path.split("/")[2]: operation.result["shares_krw"] for operation in signed}
    executed = {
        operation.body["payment_id"]
        for operation in history
        if (operation.what, operation.outcome) == (EXECUTED, "ok")
    }
    figures = Figures()
    for operation in instructed:
        if operation.result["payment_id"] in executed:
            _, _, case_id, _, number, _ = operation.path.split("/")
            won = instalment(shares[case_id], parts, int(number))
            figures += Figures({f"disbursed won {funder}": krw for funder, krw in won.items()})
            figures["disbursed won"] += operation.result["amount_krw"]
    return figures


def instalment(shares: Mapping[str, int], parts: list[int], number: int) -> dict[str, int]:
    """Return won by funder: floored by part, the last instalment takes what the others left."""
    whole = sum(parts)
    found = {}
    for funder, krw in shares.items():
        if funder != SELF:
            each = [krw * part // whole for part in parts[:-1]]
            found[funder] = [*each, krw - sum(each)][number - 1]
    return found


async def on_board(database: Database, programme: str) -> Figures:
    rows = await database.rows("select * from case_row where programme_id = $1", programme)
    figures = Figures(
        {
            "cases": sum(row["applied_on"] is not None for row in rows),
            "selected": sum(
                row["selected_on"] is not None and row["relinquished_on"] is None for row in rows
            ),
            "agreed won": sum(row["total_krw"] for row in rows if row["agreed_on"] is not None),
        }
    )
    sums = "select funder, amount_krw from money_rollup where programme_id = $1 and kind = 'disbursed'"
    for row in await database.rows(sums, programme):
        figures[f"disbursed won {row['funder']}"] += row["amount_krw"]
        figures["disbursed won"] += row["amount_krw"]
    return figures
