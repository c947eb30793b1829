"""Programmes' terms, companies' states, the ledger, case accounts, tranches and payments.

The ledger guards itself: a set sums to zero (checked at commit), postings are never changed, and only the
postings move a balance, which never crosses zero.
"""

from shared.database.migrate import script

revision = "funding_0001"
down_revision = None
branch_labels = ("funding",)
depends_on = None

TABLES = """
create table programme_version (
    programme_id varchar, version integer, holds_from date not null, terms jsonb not null,
    primary key (programme_id, version)
);

create table company (company_id uuid primary key, state varchar, since date);

create table account (
    programme_id varchar, fiscal_year integer, funder varchar, municipality varchar, kind varchar,
    balance_krw bigint not null default 0,
    primary key (programme_id, fiscal_year, funder, municipality, kind),
    constraint account_balance_sign check (
        case when kind in ('allocated', 'opening', 'promised') then balance_krw <= 0 else balance_krw >= 0 end
    ),
    constraint account_kind check (
        kind in ('allocated', 'opening', 'available', 'committed', 'payable', 'disbursed', 'returned')
        and funder in ('national', 'province', 'city')
        or kind in ('promised', 'opening', 'pledged', 'evidenced') and funder = 'self'
    )
);

create table posting (
    set_id uuid,
    programme_id varchar, fiscal_year integer, funder varchar, municipality varchar, kind varchar,
    amount_krw bigint not null constraint posting_amount check (amount_krw <> 0),
    posted_on date not null,
    case_id uuid,
    reason varchar not null,
    caused_by varchar,
    recorded_at timestamptz not null default now(),
    primary key (set_id, programme_id, fiscal_year, funder, municipality, kind),
    foreign key (programme_id, fiscal_year, funder, municipality, kind) references account
);

create index posting_account on posting (programme_id, fiscal_year, funder, municipality, kind);

create index posting_case on posting (case_id);

create unique index posting_past_once on posting (case_id, fiscal_year, funder, kind)
    where reason in ('past_spending.booked', 'past_self.booked');

create table commitment (
    case_id uuid primary key,
    programme_id varchar not null,
    company_id uuid not null,
    city_account varchar not null,
    own_year integer not null,
    signed_on date not null,
    total_krw bigint not null,
    public_krw bigint not null,
    self_krw bigint not null,
    self_confirmed_on date,
    business_state varchar,
    abandoned_on date,
    constraint commitment_total check (total_krw = public_krw + self_krw),
    constraint commitment_shares check (public_krw >= 0 and self_krw >= 0)
);

create index ix_commitment_company_id on commitment (company_id);

create table tranche (
    case_id uuid references commitment, number integer,
    programme_id varchar not null,
    milestone varchar not null,
    due_on date not null,
    fiscal_year integer not null,
    amounts_krw jsonb not null,
    total_krw bigint not null constraint tranche_total check (total_krw >= 0),
    status varchar not null,
    achieved_on date,
    moved_on date not null,
    requested_by varchar,
    approved_by varchar,
    instructed_by varchar,
    primary key (case_id, number),
    constraint tranche_status check (status in (
        'scheduled', 'ready', 'requested', 'approved', 'instructed', 'unconfirmed', 'disbursed', 'held', 'cancelled'
    )),
    constraint tranche_three_people check (
        requested_by <> approved_by and requested_by <> instructed_by and approved_by <> instructed_by
    ),
    constraint tranche_steps_in_order check (
        (requested_by is not null) >= (approved_by is not null)
        and (approved_by is not null) >= (instructed_by is not null)
    ),
    constraint tranche_signed_for check (
        case status when 'requested' then requested_by is not null
                    when 'approved' then approved_by is not null
                    when 'instructed' then instructed_by is not null
                    when 'unconfirmed' then instructed_by is not null
                    when 'disbursed' then instructed_by is not null else true end
    )
);

create table payment (
    payment_id uuid primary key,
    case_id uuid not null, number integer not null,
    amount_krw bigint not null,
    instructed_on date not null,
    answer varchar not null,
    answered_on date,
    treasury_reference varchar unique,
    foreign key (case_id, number) references tranche,
    constraint payment_answer check (answer in ('awaited', 'overdue', 'executed', 'rejected')),
    constraint payment_executed check ((answer = 'executed') = (treasury_reference is not null))
);

create unique index payment_once on payment (case_id, number) where answer <> 'rejected';

create index payment_awaited on payment (instructed_on) where answer = 'awaited'
"""

# Accounts are locked in key order, so that two sets never wait for each other in a circle; no key update, because
# the foreign key's check holds a key share by then. The function runs as the tables'
# owner: the service itself has no right to write a balance.
BALANCES = """
create function move_balances() returns trigger language plpgsql security definer set search_path from current as $$
declare
    short record;
begin
    perform from account a
        where (programme_id, fiscal_year, funder, municipality, kind) in
              (select programme_id, fiscal_year, funder, municipality, kind from added)
        order by programme_id, fiscal_year, funder, municipality, kind for no key update;

    select a.programme_id, a.fiscal_year, a.funder, a.municipality, a.kind, -(a.balance_krw + m.krw) as missing_krw
        into short
        from account a
        join (select programme_id, fiscal_year, funder, municipality, kind, sum(amount_krw)::bigint as krw
              from added group by 1, 2, 3, 4, 5) m using (programme_id, fiscal_year, funder, municipality, kind)
        where a.kind not in ('allocated', 'opening', 'promised') and a.balance_krw + m.krw < 0
        order by 1, 2, 3, 4, 5 limit 1;
    if found then
        raise exception 'a balance would fall below zero'
            using errcode = 'check_violation', constraint = 'account_balance_sign', detail = row_to_json(short)::text;
    end if;

    update account a set balance_krw = a.balance_krw + m.krw
        from (select programme_id, fiscal_year, funder, municipality, kind, sum(amount_krw)::bigint as krw
              from added group by 1, 2, 3, 4, 5) m
        where (a.programme_id, a.fiscal_year, a.funder, a.municipality, a.kind) =
              (m.programme_id, m.fiscal_year, m.funder, m.municipality, m.kind);
    return null;
end $$;

create trigger posting_moves_balances after insert on posting referencing new table as added
    for each statement execute function move_balances()
"""

ZERO_SUM = """
create function refuse_unbalanced() returns trigger language plpgsql set search_path from current as $$
begin
    if (select sum(amount_krw) from posting where set_id = new.set_id) <> 0 then
        raise exception 'posting set % does not sum to zero', new.set_id
            using errcode = 'check_violation', constraint = 'posting_set_sums_to_zero';
    end if;
    return null;
end $$;

create constraint trigger posting_set_sums_to_zero after insert on posting deferrable initially deferred
    for each row execute function refuse_unbalanced()
"""

APPEND_ONLY = """
create function refuse_changed_posting() returns trigger language plpgsql as $$
begin
    raise exception 'posting is append-only: post a correction instead' using errcode = 'insufficient_privilege';
end $$;

create trigger posting_append_only before update or delete or truncate on posting
    for each statement execute function refuse_changed_posting()
"""

# The service's own role, where it is there. It opens accounts at zero and adds postings, no more.
RIGHTS = """
do $$
begin
    if exists (select from pg_roles where rolname = 'ieum_funding') then
        revoke update, delete, truncate on posting from ieum_funding;
        revoke insert, update, delete, truncate on account from ieum_funding;
        grant insert (programme_id, fiscal_year, funder, municipality, kind) on account to ieum_funding;
        revoke delete, truncate on commitment, tranche, payment, programme_version, company from ieum_funding;
    end if;
end $$
"""


def upgrade() -> None:
    for statements in (TABLES, BALANCES, ZERO_SUM, APPEND_ONLY, RIGHTS):
        script(statements)


def downgrade() -> None:
    script("drop table payment, tranche, commitment, posting, account, company, programme_version")
    script("drop function move_balances, refuse_unbalanced, refuse_changed_posting")
