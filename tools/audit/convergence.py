"""I8: the board is what the events say cell for cell, and what SQL over the services' own tables says."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from tools.audit.database import Database
from tools.audit.evidence import Evidence
from tools.audit.expected_rows import CASE_COLUMNS, CONTRIBUTIONS, case_row, money_sums, tranche_row
from tools.audit.invariant import Count, Finding, Invariant, Violations
from tools.audit.joins import BY_CASE, by_case, outer_join
from tools.audit.state_machines import histories
from tools.audit.store import Store

# Won by programme, kind, fiscal year, funder and business date.
ROLLUP = """
    select programme_id, kind, fiscal_year, funder, occurred_on, sum(amount_krw)::bigint as n
    from money_rollup group by 1, 2, 3, 4, 5 having sum(amount_krw) <> 0
"""
POSTINGS = """
    select programme_id, shown.kind, fiscal_year, funder, posted_on as occurred_on, sum(amount_krw)::bigint as n
    from funding.posting join (values
        ('budget.allocated', 'available', 'allocated'),
        ('past_spending.booked', 'disbursed', 'past'),
        ('past_self.booked', 'evidenced', 'past'),
        ('funds.committed', 'committed', 'committed'),
        ('commitment.released', 'committed', 'committed'),
        ('tranche.disbursed', 'disbursed', 'disbursed'),
        ('self_contribution.confirmed', 'evidenced', 'evidenced')
    ) as shown (reason, account, kind) on posting.reason = shown.reason and posting.kind = shown.account
    group by 1, 2, 3, 4, 5 having sum(amount_krw) <> 0
"""

# Cases and agreed won by programme, year and track.
BOARD_CASES = """
    select programme_id, coalesce(year_from, 0) as year, coalesce(track, '') as track, shown.what, sum(shown.n)::bigint as n
    from case_row, lateral (values
        ('applied', (applied_on is not null)::int), ('recorded', (recorded_on is not null)::int),
        ('screened', (screened_on is not null)::int), ('withdrawn', (withdrawn_on is not null)::int),
        ('selected', (selected_on is not null and relinquished_on is null)::int),
        ('reserved', (reserved_on is not null and selected_on is null and relinquished_on is null)::int),
        ('rejected', (rejected_on is not null)::int), ('given_up', (relinquished_on is not null)::int),
        ('agreed', (agreed_on is not null)::int),
        ('agreed won', case when agreed_on is not null then total_krw end),
        ('recorded won', case when recorded_on is not null then total_krw end)
    ) as shown (what, n)
    group by 1, 2, 3, 4 having coalesce(sum(shown.n), 0) <> 0
"""
OWN_CASES = """
    select c.programme_id, c.year, coalesce(c.track, '') as track, own.what, sum(own.n)::bigint as n
    from applications."case" c left join applications.screening s on s.case_id = c.id left join applications.award p on p.case_id = c.id
         left join applications.agreement a on a.case_id = c.id,
    lateral (values
        ('applied', 1), ('screened', (s.case_id is not null)::int), ('withdrawn', (c.status = 'withdrawn')::int),
        ('selected', (p.status = 'selected')::int), ('reserved', (p.status = 'reserved')::int),
        ('rejected', (p.status = 'rejected')::int), ('given_up', (p.status = 'given_up')::int),
        ('agreed', (a.case_id is not null)::int), ('agreed won', a.total_krw)
    ) as own (what, n)
    group by 1, 2, 3, 4 having coalesce(sum(own.n), 0) <> 0
    union all
    select programme_id, year_from, coalesce(track, ''), own.what, sum(own.n)::bigint
    from applications.recorded_case, lateral (
        select 'recorded', 1::numeric union all select 'recorded won', sum(value::bigint) from jsonb_each_text(amounts_krw)
    ) as own (what, n)
    group by 1, 2, 3, 4 having coalesce(sum(own.n), 0) <> 0
"""

CASE_ROWS = f"select * from case_row {BY_CASE}"
TRANCHE_ROWS = f"select * from tranche_row {BY_CASE}, number"
MONEY_ROLLUP = """
    select programme_id, kind, fiscal_year, funder, municipality, occurred_on::text, amount_krw from money_rollup
"""
MONEY_EVENTS = "select programme_id, kind, fiscal_year, occurred_on::text, events from money_event_rollup"
# Every event of ours is in the timeline once, as it was logged, in its newest version; nothing else is. A dead letter of
# the projector is not.
TIMELINE = """
    select e.source, e.id, e.name, t.id is null as is_missing from event e
    left join timeline t on t.source = e.source and t.id = e.id
    where e.name <> 'record.dead_lettered' and (t.id is null or t.content <> e.content) and not exists (
        select 1 from record r join dead_letter d on d.consumer = 'projector' and d.topic = r.topic
            and d.partition = r.partition and d.offset = r.offset
        where r.source = e.source and r.id = e.id
    )
    union all
    select t.source, t.id, null, false from timeline t
    where not exists (select 1 from event e where e.source = t.source and e.id = t.id)
    order by 1, 2
"""
VERDICT = """
    select judged_at, clock_timestamp() - judged_at as age, v.generation, records, equal, differing::text as differing,
           v.generation = l.generation as is_live
    from monitoring.rebuild_verdict v, monitoring.live_projection l order by judged_at desc limit 1
"""
HAS_VERDICTS = "select to_regclass('monitoring.rebuild_verdict') is not null as is_there"

Numbers = Mapping[tuple[Any, ...], int]


async def check(evidence: Evidence) -> Finding:
    """Cases, tranches, money and timeline of the board; figures of money and cases; the last rebuild's verdict."""
    database, found = evidence.database, Violations()
    postings, own = numbers(await database.rows(POSTINGS)), numbers(await database.rows(OWN_CASES))
    won, events = money_sums(evidence)
    cases = await _cases(evidence, found)
    tranches = await _tranches(evidence, found)
    found.add(_unequal("금액 / money", await _sums(database, MONEY_ROLLUP), won))
    found.add(_unequal("금액 사건 / events of money", await _sums(database, MONEY_EVENTS), events))
    found.add(_timeline(evidence.store))
    found.add(_unequal("금액 / money", numbers(await database.rows(ROLLUP)), postings))
    found.add(_unequal("과제 / cases", numbers(await database.rows(BOARD_CASES)), own))
    notes = await _rebuild_verdict(database, found)
    counts = [
        Count(evidence.store.count("timeline"), "사건 줄", "rows of the timeline"),
        Count(cases, "현황판 과제", "cases of the board"),
        Count(tranches, "현황판 회차", "tranches of the board"),
        Count(len(won), "사건에서 나온 금액", "sums of money from events"),
        Count(len(postings), "분개에서 나온 금액", "sums of money from postings"),
        Count(len(own), "과제 표에서 나온 수", "figures from the tables of cases"),
    ]
    return Finding(counts, found.first, found.count, notes)


async def _cases(evidence: Evidence, found: Violations) -> int:
    count = 0
    rows = by_case(evidence.database.stream(CASE_ROWS))
    async for case_id, events, board in outer_join(evidence.cases(*CONTRIBUTIONS), rows):
        count += len(board)
        shown = {"": {name: plain(name, board[0][name]) for name in CASE_COLUMNS}} if board else {}
        found.add(_unlike_row(f"과제 {case_id}", {"": case_row(events)} if events else {}, shown))
    return count


async def _tranches(evidence: Evidence, found: Violations) -> int:
    count, names = 0, [f"tranche.{step}" for step in TRANCHE_EVENTS]
    rows = by_case(evidence.database.stream(TRANCHE_ROWS))
    async for case_id, events, board in outer_join(evidence.cases(*names), rows):
        count += len(board)
        expected = {
            f" {number}회차": tranche_row(history)
            for number, history in histories(events, lambda event: event.body["number"]).items()
        }
        shown = {
            f" {row['number']}회차": {name: plain(name, value) for name, value in row.items()}
            for row in board
        }
        found.add(_unlike_row(f"과제 {case_id}", expected, shown))
    return count


TRANCHE_EVENTS = (
    "scheduled", "ready", "requested", "approved", "rejected", "instructed", "unconfirmed", "disbursed", "failed", "held",
)  # fmt: skip


def plain(name: str, value: Any) -> Any:
    """Return a cell as it stands in an event: dates and ids are text."""
    if name == "steps":
        return [{key: step[key] for key in ("state", "on", "by")} for step in orjson.loads(value)]
    return value if value is None or isinstance(value, int | str) else str(value)


def _unlike_row(
    label: str, expected: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for key in sorted(expected.keys() | shown.keys()):
        if key not in shown or key not in expected:
            yield f"{label}{key}: 현황판과 사건 가운데 한쪽에만 있습니다 / on the board or in the events, not in both"
            continue
        wrong = {
            name: (shown[key].get(name), value)
            for name, value in expected[key].items()
            if shown[key].get(name) != value
        }
        if wrong:
            yield f"{label}{key}: 현황판이 사건과 다릅니다(현황판, 사건) / the board is not what the events say: {wrong}"


def _timeline(store: Store) -> Iterator[str]:
    for row in store.query(TIMELINE):
        if row["name"] is None:
            yield f"{row['source']}의 사건 {row['id']}: 발행한 적이 없는 사건이 현황판에 있습니다 / on the board, in no log"
        else:
            problem = (
                "없습니다 / not in it" if row["is_missing"] else "다르게 있습니다 / in it as something else"
            )
            yield f"{row['source']}의 사건 {row['id']} ({row['name']}): 현황판의 사건 줄에 {problem}"


async def _sums(database: Database, sql: str) -> Numbers:
    sums: Counter[tuple[Any, ...]] = Counter()
    for *key, n in map(tuple, await database.rows(sql)):
        sums[tuple(key)] += n
    return sums


def numbers(rows: Sequence[Any]) -> Numbers:
    """Return each row's column `n` by all its other columns."""
    return {tuple(value for name, value in row.items() if name != "n"): row["n"] for row in rows}


def _unequal(what: str, shown: Numbers, expected: Numbers) -> Iterator[str]:
    keys = shown.keys() | expected.keys()
    for key in sorted((key for key in keys if shown.get(key, 0) != expected.get(key, 0)), key=str):
        name = " ".join(str(part) for part in key if part not in ("", None))
        yield (
            f"{what} {name}: 현황판 {shown.get(key, 0):,}, 사건·원장·과제 표 {expected.get(key, 0):,} "
            "/ the board is not what the events or the service's own tables say"
        )


async def _rebuild_verdict(database: Database, found: Violations) -> list[str]:
    """Report the last comparison of live and rebuilt rows; the auditor does not fold the projections itself."""
    [table] = await database.rows(HAS_VERDICTS)
    verdict = next(iter(await database.rows(VERDICT)), None) if table["is_there"] else None
    if verdict is None:
        return ["다시 만들기로 견준 적이 없습니다 / no rebuild has judged the board yet"]
    when = f"{verdict['age'].total_seconds() / 3600:,.1f}시간 전 / hours ago, {verdict['records']:,} records"
    if not verdict["equal"] and verdict["is_live"]:
        found.add(
            [f"마지막 다시 만들기와 다릅니다({when}) / the last rebuild differs: {verdict['differing']}"]
        )
    of = "" if verdict["is_live"] else ", 이전 세대 / of an earlier generation"
    word = "같음 / equal" if verdict["equal"] else f"다름 / differing {verdict['differing']}"
    return [f"마지막 다시 만들기 / last rebuild: {word} ({when}{of})"]


INVARIANT = Invariant(
    "I8",
    "현황판 = 사건을 접은 것 = 원장과 과제 표의 SQL(1원까지)",
    "convergence: the board = the fold of the events = plain SQL over ledger and cases, to the won",
    check,
)
