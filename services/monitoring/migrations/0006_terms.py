"""Tables, columns and an index take the glossary's terms: rollup, copy of a case, relinquished award, activity."""

from shared.database.migrate import script

revision = "monitoring_0006"
down_revision = "monitoring_0005"
branch_labels = None
depends_on = None

TABLES = (
    ("known_case", "case_copy"),
    ("case_tile", "case_rollup"),
    ("place_tile", "municipality_rollup"),
    ("agreement_tile", "agreement_rollup"),
    ("visited_tile", "visited_rollup"),
    ("money_tile", "money_rollup"),
    ("money_event_tile", "money_event_rollup"),
)
COLUMNS = (
    ("case_rollup", "own_krw", "self_krw"),
    ("case_row", "lost_on", "relinquished_on"),
    ("case_row", "lost_stage", "relinquished_stage"),
    ("message_row", "told_on", "first_event_on"),
)

# PostgreSQL names constraints after their table, and leaves the names as they are when the table is renamed.
RENAME_TABLE = """
alter table {old} rename to {new};
do $$
declare name text;
begin
    for name in
        select conname from pg_constraint where conrelid = '{new}'::regclass and starts_with(conname, '{old}_')
    loop
        execute format('alter table {new} rename constraint %I to %I', name, replace(name, '{old}_', '{new}_'));
    end loop;
end $$;
"""

UPGRADE = (
    *(RENAME_TABLE.format(old=old, new=new) for old, new in TABLES),
    *(f"alter table {table} rename column {old} to {new};" for table, old, new in COLUMNS),
    "alter index timeline_news rename to timeline_activity;",
)
DOWNGRADE = (
    "alter index timeline_activity rename to timeline_news;",
    *(f"alter table {table} rename column {new} to {old};" for table, old, new in COLUMNS),
    *(RENAME_TABLE.format(old=new, new=old) for old, new in TABLES),
)


def upgrade() -> None:
    for statement in UPGRADE:
        script(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        script(statement)
