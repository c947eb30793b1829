"""Programmes, companies, rounds, cases, reviews, places, agreements and past results."""

from shared.database.migrate import script

revision = "applications_0001"
down_revision = None
branch_labels = ("applications",)
depends_on = None

TABLES = """
create table programme (id varchar primary key, version integer not null, published_on date);

create table programme_version (
    programme_id varchar references programme, version integer, published_on date not null, definition jsonb not null,
    primary key (programme_id, version)
);

create table programme_proposal (
    id uuid primary key, programme_id varchar not null, proposed_on date not null, proposal jsonb not null
);
create index ix_programme_proposal_programme_id on programme_proposal (programme_id);

create table company (
    id uuid primary key,
    business_number varchar not null unique,
    name_ko varchar not null,
    municipality varchar not null,
    industry varchar not null,
    employees integer,
    state varchar not null constraint company_state check (state in ('open', 'suspended', 'closed'))
);

create table recorded_case (
    id uuid primary key,
    system varchar not null,
    record_id varchar not null,
    programme_id varchar not null references programme,
    company_name_ko varchar not null,
    municipality varchar not null,
    track varchar,
    year_from integer not null,
    year_to integer not null,
    status varchar not null,
    amounts_krw jsonb not null,
    recorded_on date not null,
    unique (system, record_id)
);

create table receipt_counter (prefix varchar, year integer, last integer not null, primary key (prefix, year));

create table round (
    id varchar primary key,
    programme_id varchar not null references programme,
    version integer not null,
    year integer not null,
    name_ko varchar not null,
    opens_on date not null,
    closes_on date not null,
    quota jsonb not null,
    status varchar not null constraint round_status check (status in ('open', 'closed', 'decided')),
    agreed_on date,
    agency_ko varchar,
    foreign key (programme_id, version) references programme_version,
    constraint round_window check (opens_on <= closes_on)
);
create index ix_round_programme_id on round (programme_id);

create table "case" (
    id uuid primary key,
    round_id varchar not null references round,
    programme_id varchar not null references programme,
    version integer not null,
    year integer not null,
    company_id uuid not null references company,
    municipality varchar not null,
    track varchar,
    total_krw bigint not null constraint case_total check (total_krw > 0),
    requested_krw jsonb not null,
    receipt_number varchar not null unique,
    via varchar not null,
    submitted_on date not null,
    status varchar not null
        constraint case_status check (status in ('submitted', 'eligible', 'ineligible', 'withdrawn', 'decided')),
    unique (round_id, company_id)
);
create index ix_case_company_id on "case" (company_id);

create table screening (
    case_id uuid primary key references "case", eligible boolean not null, reasons jsonb not null,
    screened_on date not null
);

create table review (
    case_id uuid references "case",
    reviewer_id varchar,
    scores jsonb not null,
    conflict_of_interest boolean not null,
    reviewed_on date not null,
    primary key (case_id, reviewer_id)
);

create table place (
    case_id uuid primary key references "case",
    round_id varchar not null references round,
    quota_key varchar not null,
    status varchar not null
        constraint place_status check (status in ('selected', 'reserved', 'rejected', 'given_up')),
    via varchar,
    rank integer,
    score varchar,
    reason varchar not null,
    decided_on date not null
);
create index place_in_order on place (round_id, quota_key, rank);

create table agreement (
    case_id uuid primary key references "case",
    total_krw bigint not null constraint agreement_total check (total_krw > 0),
    shares_krw jsonb not null,
    starts_on date not null,
    ends_on date not null,
    signed_on date not null,
    status varchar not null constraint agreement_status check (status in ('signed', 'ended')),
    constraint agreement_period check (starts_on < ends_on)
);

create table abandonment (
    case_id uuid primary key references "case", stage varchar not null, reason varchar not null,
    abandoned_on date not null
);
"""

# What was published, recorded, scored or given up is never rewritten; nothing at all is deleted.
RIGHTS = """
do $$
declare app text := 'ieum_' || current_schema();
begin
    if exists (select from pg_roles where rolname = app) then
        execute format('revoke update, delete, truncate on programme_version, programme_proposal, recorded_case,
                        screening, review, abandonment from %I', app);
        execute format('revoke delete, truncate on programme, company, receipt_counter, round, "case", place,
                        agreement from %I', app);
    end if;
end $$;
"""


def upgrade() -> None:
    script(TABLES)
    script(RIGHTS)


def downgrade() -> None:
    script("""drop table abandonment, agreement, place, review, screening, "case", round, receipt_counter,
                  recorded_case, company, programme_proposal, programme_version, programme""")
