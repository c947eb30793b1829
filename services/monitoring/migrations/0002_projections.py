"""What the board reads: rows of dated facts, tiles of sums, the timeline of all events."""

from shared.database.migrate import script

revision = "monitoring_0002"
down_revision = "monitoring_0001"
branch_labels = None
depends_on = None

ROWS = """
create table programme_version (
    programme_id varchar, sequence bigint, version integer, holds_from date, definition jsonb, proposal jsonb,
    primary key (programme_id, sequence)
);

create table round_row (
    round_id varchar primary key, programme_id varchar, year integer, name_ko varchar,
    opens_on date, closes_on date, quota jsonb, opened_on date, closed_on date, agreed_on date, agency_ko varchar
);
create index ix_round_row_programme_id on round_row (programme_id);

create table company_row (
    company_id uuid primary key, business_number varchar, name_ko varchar, municipality varchar,
    registered_on date, state varchar, state_on date
);

create table case_row (
    case_id uuid primary key,
    programme_id varchar, round_id varchar, year_from integer, year_to integer, track varchar,
    company_id uuid, company_name_ko varchar, municipality varchar, number varchar,
    via varchar, rank integer, score varchar, reason varchar, eligible boolean, record_status varchar,
    applied_on date, withdrawn_on date, screened_on date, reserved_on date, rejected_on date, selected_on date,
    lost_on date, lost_stage varchar, agreed_on date, starts_on date, ends_on date, recorded_on date,
    applied_krw bigint, total_krw bigint,
    national_krw bigint, province_krw bigint, city_krw bigint, self_krw bigint,
    final_due_on date, completed_on date
);
create index case_row_by_programme on case_row (programme_id, year_from);
create index case_row_by_company on case_row (company_id);

create table milestone_row (
    case_id uuid, milestone varchar, programme_id varchar, company_id uuid, due_on date, completes boolean,
    scheduled_on date, due_soon_on date, reported_on date, achieved_on date, missed_on date,
    primary key (case_id, milestone)
);
create index milestone_row_by_due on milestone_row (programme_id, due_on);

create table tranche_row (
    case_id uuid, number integer, programme_id varchar, fiscal_year integer, due_on date,
    national_krw bigint, province_krw bigint, city_krw bigint, total_krw bigint,
    milestone varchar, state varchar, steps jsonb,
    primary key (case_id, number)
);
create index tranche_row_waiting on tranche_row (state) where state in ('requested', 'approved', 'unconfirmed');

create table message_row (
    message_id uuid primary key, case_id uuid, programme_id varchar, template varchar, channel varchar,
    told_on date, sent_on date, delivered_on date, failed_on date, unknown_on date
);
create index ix_message_row_case_id on message_row (case_id);
"""

TILES = """
create table money_tile (
    programme_id varchar, kind varchar, fiscal_year integer, funder varchar, municipality varchar, occurred_on date,
    amount_krw bigint not null,
    primary key (programme_id, kind, fiscal_year, funder, municipality, occurred_on)
);

create table money_event_tile (
    programme_id varchar, kind varchar, fiscal_year integer, occurred_on date,
    events bigint not null,
    primary key (programme_id, kind, fiscal_year, occurred_on)
);

create table visit_tile (
    programme_id varchar, case_id uuid, occurred_on date, visits bigint not null,
    primary key (programme_id, case_id, occurred_on)
);

create table pledge_report (
    pledge_id varchar, sequence bigint, programme_id varchar not null,
    percent integer not null, reported_by_ko varchar not null, occurred_on date not null,
    primary key (pledge_id, sequence)
);

create table timeline (
    source varchar, id varchar, name varchar not null, subject varchar not null, sequence bigint not null,
    programme_id varchar, occurred_on date not null, recorded_at timestamptz not null, authid varchar,
    data jsonb not null,
    primary key (source, id)
);
create index timeline_by_subject on timeline (subject, occurred_on);
create index timeline_by_name on timeline (programme_id, name, occurred_on);
"""


def upgrade() -> None:
    for statement in (*ROWS.split(";\n\n"), *TILES.split(";\n\n")):
        script(statement)


def downgrade() -> None:
    script("""drop table timeline, pledge_report, visit_tile, money_event_tile, money_tile, message_row,
                  tranche_row, milestone_row, case_row, company_row, round_row, programme_version""")
