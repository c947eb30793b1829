"""The rooms: definitions, cases, milestones and their notices, mentors, pledges."""

from shared.database.migrate import script

revision = "monitoring_0001"
down_revision = None
branch_labels = ("monitoring",)
depends_on = None

TABLES = """
create table definition (
    programme_id varchar, version integer, holds_from date not null, definition jsonb not null,
    primary key (programme_id, version)
);

create table known_case (
    case_id uuid primary key, programme_id varchar not null, company_id uuid not null,
    selected_on date, agreed_on date, abandoned_on date
);

create table milestone (
    case_id uuid, key varchar,
    programme_id varchar not null, company_id uuid not null, name_ko varchar not null,
    agreed_on date not null, due_on date not null, completes boolean not null,
    status varchar not null, evidence varchar, reported_on date, achieved_on date,
    primary key (case_id, key)
);
create index milestone_open on milestone (due_on) where status in ('scheduled', 'missed', 'reported');

create table milestone_notice (
    case_id uuid, key varchar, due_on date, kind varchar, occurred_on date not null,
    primary key (case_id, key, due_on, kind)
);

create table mentor_assignment (
    case_id uuid, mentor_id varchar, weeks integer not null check (weeks between 1 and 8), assigned_on date not null,
    primary key (case_id, mentor_id)
);

create table mentor_visit (
    case_id uuid, mentor_id varchar, visited_on date, work varchar not null,
    primary key (case_id, mentor_id, visited_on)
);

create table pledge_progress (
    pledge_id varchar, reported_on date, programme_id varchar not null,
    percent integer not null check (percent between 0 and 100), reported_by_ko varchar not null,
    primary key (pledge_id, reported_on)
);
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        script(statement)


def downgrade() -> None:
    script("""drop table pledge_progress, mentor_visit, mentor_assignment, milestone_notice, milestone,
                  known_case, definition""")
