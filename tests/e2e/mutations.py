"""Mutations: each does by hand what invariants forbid, past the guards, and names those that must notice it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """SQL in one service's schema, as superuser, with triggers and foreign keys switched off."""

    name: str
    service: str
    sql: str
    violated: frozenset[str]


def mutation(name: str, service: str, sql: str, *violated: str) -> Mutation:
    return Mutation(name, service, sql, frozenset(violated))


PAID_SET = "set_id = (select set_id from posting where reason = 'tranche.disbursed' order by 1 limit 1)"

MUTATIONS = [
    mutation(
        "a balance is changed without a posting",
        "funding",
        "update account set balance_krw = balance_krw + 1 where kind = 'available' and fiscal_year = 2024",
        "I1",
    ),
    mutation(
        "an answer of the treasury is posted twice",
        "funding",
        f"""alter table account drop constraint account_balance_sign;
            create temp table again as select * from posting where {PAID_SET};
            update again set set_id = md5('again')::uuid;
            insert into posting select * from again;
            update account a set balance_krw = a.balance_krw + g.amount_krw from again g
            where (a.programme_id, a.fiscal_year, a.funder, a.municipality, a.kind)
                = (g.programme_id, g.fiscal_year, g.funder, g.municipality, g.kind)""",
        *("I1", "I2", "I3", "I8"),  # and a balance has crossed zero, and more is paid than approved and shown
    ),
    mutation(
        "a tranche has a second payment",
        "funding",
        """drop index payment_once;
           insert into payment (payment_id, case_id, number, amount_krw, instructed_on, answer)
           select gen_random_uuid(), case_id, number, amount_krw, instructed_on, 'awaited'
           from payment where answer = 'executed' limit 1""",
        "I2",
    ),
    mutation(
        "the public share of an agreement grows by one won",
        "applications",
        """update agreement set shares_krw = shares_krw || jsonb_build_object(
               'province', (shares_krw ->> 'province')::bigint + 1, 'self', (shares_krw ->> 'self')::bigint - 1)""",
        "I3",
    ),
    mutation(
        "a consumer loses what it handled",
        "funding",
        "delete from inbox where source = '/external/treasury'",
        "I4",
    ),
    mutation(
        "an event is skipped by the projector",
        "monitoring",
        "update projection_watermark set contiguous = contiguous - 1 where source = '/services/funding'",
        "I4",
    ),
    mutation(
        "an event is rewritten in the log",
        "monitoring",
        "update event_log set data = replace(data, '공정 진단', '공정 점검')",
        *("I5", "I8", "C1"),
    ),
    mutation(
        "a number is missing in a log",
        "notifications",
        "update event_log set sequence = sequence + 1000 where position = (select max(position) from event_log)",
        *("I5", "I6", "I8"),
    ),
    mutation(
        "an event is received twice",
        "funding",
        "alter table inbox drop constraint inbox_pkey; insert into inbox select * from inbox limit 1",
        "I7",
    ),
    mutation(
        "money of the board is altered by one won",
        "monitoring",
        "update money_rollup set amount_krw = amount_krw + 1 where kind = 'disbursed'",
        *("I8", "C4"),
    ),
    mutation(
        "the last rebuild was not equal",
        "monitoring",
        """insert into rebuild_verdict (generation, records, dead_letters, equal, differing)
           select generation, 1, 0, false, '{"case_row": 1}' from live_projection""",
        "I8",
    ),
    mutation(
        "the requester approves",
        "funding",
        "update event_log set data = replace(data, '\"lee\"', '\"kim\"') where type like '%tranche.approved%'",
        *("I5", "I8", "I10"),
    ),
    mutation(
        "the milestone comes after the payment",
        "monitoring",
        """update event_log set occurred_on = '2024-09-01',
               data = replace(data, '"occurred_on":"2024-07-05"', '"occurred_on":"2024-09-01"')
           where type like '%milestone.achieved%'""",
        *("I5", "I8", "I10", "C1"),
    ),
    mutation(
        "an event waits to be published and nobody publishes it",
        "funding",
        "insert into outbox (position, shard) select position, 0 from event_log limit 1",
        "I11",
    ),
    mutation(
        "a dead letter's reason names an address",
        "applications",
        "update dead_letter set reason = 'refused: ' || (select email from notifications.recipient limit 1)",
        "I12",
    ),
    mutation(
        "another answer is stored than was given",
        "funding",
        "update idempotency_key set body = convert_to('{}', 'utf8') where principal = 'choi'",
        "C1",
    ),
    mutation(
        "a record is dead-lettered by another rule than was provoked",
        "applications",
        "update dead_letter set rule = 'failed'",
        "C2",
    ),
    mutation(
        "a message about an event is missing",
        "notifications",
        "delete from message where template = (select min(template) from message)",
        "C3",
    ),
]
