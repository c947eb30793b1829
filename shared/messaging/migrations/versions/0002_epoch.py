"""When rows were swapped for rebuilt ones, a projector must forget the states that it holds: the epoch tells it."""

from shared.database.migrate import script

revision = "delivery_0002"
down_revision = "delivery_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("alter table projection_offset add column epoch bigint not null default 0")


def downgrade() -> None:
    script("alter table projection_offset drop column epoch")
