"""The clients' own figures, computed from what they were answered alone, are what the board's tables say."""

from collections import Counter
from collections.abc import Mapping

from tests.chaos.checker.contract import BOARD, OWN
from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.finding import Finding
from tests.chaos.history import Operation

CLIENTS = "faults/"  # how their keys begin
EXECUTED = "kr.ieum.treasury.payment_executed.v1"
Figures = Counter[str]


def check(evidence: Evidence) -> Finding:
    lived, shown = Figures(), Figures()
    for programme in _programmes(evidence):
        lived += answered(evidence, programme)
        shown += on_board(evidence, programme)
    violations = [
        f"{name}: {shown[name]:,} on the board, {lived[name]:,} by what the clients were answered"
        for name in sorted(lived.keys() | shown.keys())
        if shown[name] != lived[name]
    ]
    return Finding(
        {name: lived[name] for name in ("cases", "selected", "agreed won", "disbursed won")}, violations
    )


def _programmes(evidence: Evidence) -> list[str]:
    published = _accepted(evidence, "programmes", CLIENTS)
    return sorted({one.result["programme_id"] for one in published})


def _accepted(evidence: Evidence, what: str, keys: str) -> list[Operation]:
    """Each command of these keys once, however often it was sent."""
    wanted = (one for one in evidence.commands if (one.what, one.outcome) == (what, "ok"))
    return list({one.key: one for one in wanted if one.key.startswith(keys)}.values())


def answered(evidence: Evidence, programme: str) -> Figures:
    """All cases were screened; who gives up loses a place, and who is promoted wins it."""
    keys = f"{CLIENTS}{programme.rpartition('-')[2]}/"
    leaving = _accepted(evidence, "cases/abandonment", keys)
    signed = _accepted(evidence, "cases/agreement", keys)
    promoted = sum(one.result["promoted"] is not None for one in leaving)
    selected = sum(one.result["selected"] for one in _accepted(evidence, "rounds/selection", keys))
    figures = Figures(
        {
            "cases": len(_accepted(evidence, "cases/screening", keys)),
            "selected": selected - len(leaving) + promoted,
            "agreed won": sum(one.body["total_krw"] for one in signed),
        }
    )
    [published] = _accepted(evidence, "programmes", keys)
    parts = [rule["part"] for rule in published.body["definition"]["tranches"]]
    return figures + _paid(evidence, parts, signed, _accepted(evidence, "cases/instruction", keys))


def _paid(
    evidence: Evidence, parts: list[int], signed: list[Operation], instructed: list[Operation]
) -> Figures:
    """By funder: the agreed shares divided by the definition's parts, for every payment that the treasury executed."""
    shares = {one.path.split("/")[2]: one.result["shares_krw"] for one in signed}
    executed = {
        one.body["payment_id"] for one in evidence.history if (one.what, one.outcome) == (EXECUTED, "ok")
    }
    figures = Figures()
    for one in instructed:
        if one.result["payment_id"] in executed:
            _, _, case_id, _, number, _ = one.path.split("/")
            won = instalment(shares[case_id], parts, int(number))
            figures += Figures({f"disbursed won {funder}": krw for funder, krw in won.items()})
            figures["disbursed won"] += one.result["amount_krw"]
    return figures


def instalment(shares: Mapping[str, int], parts: list[int], number: int) -> dict[str, int]:
    """Floored by part; the last one takes what the others left."""
    whole = sum(parts)
    found = {}
    for funder, krw in shares.items():
        if funder != OWN:
            each = [krw * part // whole for part in parts[:-1]]
            found[funder] = [*each, krw - sum(each)][number - 1]
    return found


def on_board(evidence: Evidence, programme: str) -> Figures:
    rows = [row for row in evidence.rows(BOARD, "case_row") if row["programme_id"] == programme]
    figures = Figures(
        {
            "cases": sum(row["applied_on"] is not None for row in rows),
            "selected": sum(row["selected_on"] is not None and row["relinquished_on"] is None for row in rows),
            "agreed won": sum(row["total_krw"] for row in rows if row["agreed_on"] is not None),
        }
    )
    for tile in evidence.rows(BOARD, "money_rollup"):
        if (tile["programme_id"], tile["kind"]) == (programme, "disbursed"):
            figures[f"disbursed won {tile['funder']}"] += tile["amount_krw"]
            figures["disbursed won"] += tile["amount_krw"]
    return figures
