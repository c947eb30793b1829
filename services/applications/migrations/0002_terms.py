"""Tables named as in the glossary: award (was place), reference_number_counter (was receipt_counter)."""

from collections.abc import Iterable

from shared.database.migrate import script

revision = "applications_0002"
down_revision = "applications_0001"
branch_labels = None
depends_on = None

TABLES = [("place", "award"), ("receipt_counter", "reference_number_counter")]
INDEXES = [("place_in_order", "award_in_order")]
CONSTRAINTS = [  # table by its new name
    ("award", "place_pkey", "award_pkey"),
    ("award", "place_case_id_fkey", "award_case_id_fkey"),
    ("award", "place_round_id_fkey", "award_round_id_fkey"),
    ("award", "place_status", "award_status"),
    ("reference_number_counter", "receipt_counter_pkey", "reference_number_counter_pkey"),
]


def upgrade() -> None:
    run(f"alter table {old} rename to {new}" for old, new in TABLES)
    run(f"alter index {old} rename to {new}" for old, new in INDEXES)
    run(f"alter table {table} rename constraint {old} to {new}" for table, old, new in CONSTRAINTS)


def downgrade() -> None:
    run(f"alter table {table} rename constraint {new} to {old}" for table, old, new in CONSTRAINTS)
    run(f"alter index {new} rename to {old}" for old, new in INDEXES)
    run(f"alter table {new} rename to {old}" for old, new in TABLES)


def run(statements: Iterable[str]) -> None:
    script(";\n".join(statements))
