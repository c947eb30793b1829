"""Columns take the glossary's terms: municipality account, self-funding year, date of the last status change."""

from shared.database.migrate import script

revision = "funding_0002"
down_revision = "funding_0001"
branch_labels = None
depends_on = None

RENAMED = (
    ("commitment", "city_account", "municipality_account"),
    ("commitment", "own_year", "self_funding_year"),
    ("tranche", "moved_on", "status_changed_on"),
)


def upgrade() -> None:
    for table, old, new in RENAMED:
        script(f"alter table {table} rename column {old} to {new}")


def downgrade() -> None:
    for table, old, new in RENAMED:
        script(f"alter table {table} rename column {new} to {old}")
