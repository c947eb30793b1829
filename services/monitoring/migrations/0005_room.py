"""Room beside rows that are written again: their new versions stay on the page, and the indexes as they are (HOT)."""

from shared.database.migrate import script

revision = "monitoring_0005"
down_revision = "monitoring_0004"
branch_labels = None
depends_on = None

ROOM = {  # percent that the first rows of a page may fill
    "case_tile": 60,
    "place_tile": 60,
    "agreement_tile": 60,
    "visited_tile": 60,
    "money_tile": 60,
    "money_event_tile": 60,
    "case_row": 70,
}


def upgrade() -> None:
    script("".join(f"alter table {table} set (fillfactor = {percent});\n" for table, percent in ROOM.items()))


def downgrade() -> None:
    script("".join(f"alter table {table} reset (fillfactor);\n" for table in ROOM))
