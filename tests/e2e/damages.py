"""What each invariant's guard prevents, done by hand past the guard; and which invariants must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Damage:
    """SQL in one service's schema, as superuser, with triggers and foreign keys switched off."""

    name: str
    service: str
    sql: str
    red: frozenset[str]


def damage(name: str, service: str, sql: str, *red: str) -> Damage:
    return Damage(name, service, sql, frozenset(red))


ONE_POSTING = (
    "ctid = (select ctid from posting where reason = 'tranche.approved' and kind = 'payable' limit 1)"
)
PAID_SET = "set_id = (select set_id from posting where reason = 'tranche.disbursed' order by 1 limit 1)"

MONEY = [
    damage(
        "a posting is changed by one won",
        "funding",
        f"update posting set amount_krw = amount_krw - 1 where {ONE_POSTING}",
        *("I1", "I3"),  # less was approved than was paid then
    ),
    damage(
        "a balance is changed without a posting",
        "funding",
        "update account set balance_krw = balance_krw + 1 where kind = 'available' and fiscal_year = 2024",
        "I1",
    ),
    damage(
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
    damage(
        "a tranche has a second payment",
        "funding",
        """drop index payment_once;
           insert into payment (payment_id, case_id, number, amount_krw, instructed_on, answer)
           select gen_random_uuid(), case_id, number, amount_krw, instructed_on, 'awaited'
           from payment where answer = 'executed' limit 1""",
        "I2",
    ),
    damage(
        "a tranche grows by one won",
        "funding",
        """update tranche set amounts_krw = jsonb_set(amounts_krw, '{city}', to_jsonb((amounts_krw ->> 'city')::bigint + 1))
           where number = 2 and ctid = (select min(ctid) from tranche where number = 2)""",
        "I3",
    ),
    damage(
        "the public share of an agreement grows by one won",
        "applications",
        """update agreement set shares_krw = shares_krw || jsonb_build_object(
               'province', (shares_krw ->> 'province')::bigint + 1, 'self', (shares_krw ->> 'self')::bigint - 1)""",
        "I3",
    ),
]

DELIVERY = [
    damage(
        "an event is logged and its outbox row is lost",
        "monitoring",
        """insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
           select gen_random_uuid(), topic, gen_random_uuid(), 1, type, occurred_on, attributes, data
           from event_log where type like '%mentor.assigned%' limit 1""",
        "I4",
    ),
    damage(
        "a consumer forgets what it handled",
        "funding",
        "delete from inbox where source = '/external/treasury'",
        "I4",
    ),
    damage("a dead letter is thrown away", "applications", "delete from dead_letter", "I4"),
    damage(
        "an event is passed over by the projector",
        "monitoring",
        "update projection_mark set last = last - 1 where source = '/services/funding'",
        "I4",
    ),
    damage(
        "an event is rewritten in the log",
        "monitoring",
        "update event_log set data = replace(data, '공정 진단', '공정 점검')",
        "I5",
    ),
    damage(
        "an event is taken out of the log",
        "monitoring",
        "delete from event_log where type like '%mentor.visited%'",
        "I5",
    ),
    damage(
        "an event is received twice",
        "funding",
        "alter table inbox drop constraint inbox_pkey; insert into inbox select * from inbox limit 1",
        "I7",
    ),
    damage(
        "a message is made twice",
        "notifications",
        """alter table message drop constraint message_event_source_event_id_template_channel_key;
           create temp table again as select * from message limit 1;
           update again set id = gen_random_uuid(), position = position + 1000000;
           insert into message select * from again""",
        "I7",
    ),
    damage(
        "an event waits to be published and nobody publishes it",
        "funding",
        "insert into outbox (position, shard) select position, 0 from event_log limit 1",
        "I11",
    ),
    damage(
        "a record is parked beyond its deadline",
        "funding",
        """insert into parked (topic, partition, "offset", headers, parked_at, reason)
           values ('ieum.applications', 0, 999999, '[]', now() - interval '2 days', 'case_unknown')""",
        "I11",
    ),
]

BOARD = [
    damage(
        "a cell of a projection is altered",
        "monitoring",
        "update company_row set name_ko = '다른 이름' where ctid = (select ctid from company_row limit 1)",
        "I8",
    ),
    damage(
        "a tile of money is altered by one won",
        "monitoring",
        "update money_rollup set amount_krw = amount_krw + 1 where kind = 'disbursed'",
        "I8",
    ),
    damage(
        "a place is taken away without an event",
        "applications",
        "update award set status = 'given_up' where status = 'selected'",
        "I8",
    ),
    damage(
        "a confirmed own share is unsaid in the ledger alone",
        "funding",
        "delete from posting where reason = 'self_contribution.confirmed'",
        *("I1", "I8"),
    ),
]

CONTROL = [
    damage(
        "the requester approves",
        "funding",
        "update event_log set data = replace(data, '\"lee\"', '\"kim\"') where type like '%tranche.approved%'",
        *("I5", "I10"),
    ),
    damage(
        "a payment is made that nobody instructed",
        "funding",
        "delete from event_log where type like '%tranche.instructed%'",
        *("I5", "I10"),
    ),
    damage(
        "the milestone comes after the payment",
        "monitoring",
        """update event_log set occurred_on = '2024-09-01',
               data = replace(data, '"occurred_on":"2024-07-05"', '"occurred_on":"2024-09-01"')
           where type like '%milestone.achieved%'""",
        *("I5", "I10"),
    ),
    damage(
        "the own share is confirmed after the request",
        "funding",
        """update event_log set sequence = sequence + 1000 where type like '%self_contribution.confirmed%'""",
        *("I5", "I10"),
    ),
    damage(
        "an agreement is signed before its company was selected",
        "applications",
        """update event_log set sequence = 1000 + sequence where type like '%company.selected%'""",
        *("I5", "I10"),
    ),
]

CONTACT = "(select {column} from notifications.recipient where {column} is not null limit 1)"
MAIL = CONTACT.format(column="email")
PHONE = CONTACT.format(column="phone")

PRIVACY = [
    damage(
        "a dead letter's reason names an address",
        "applications",
        f"update dead_letter set reason = 'refused: ' || {MAIL}",
        "I12",
    ),
    damage(
        "a dead letter holds a number in its bytes",
        "applications",
        f"update dead_letter set value = convert_to('{{\"tel\": \"' || {PHONE} || '\"}}', 'utf8')",
        "I12",
    ),
    damage(
        "an event names a number",
        "monitoring",
        f"update event_log set data = replace(data, '공정 진단', {PHONE})",
        *("I5", "I12"),
    ),
    damage(
        "an answer keeps an address",
        "notifications",
        f"update idempotency_key set body = convert_to({MAIL}, 'utf8')",
        "I12",
    ),
]

DAMAGES = [*MONEY, *DELIVERY, *BOARD, *CONTROL, *PRIVACY]
