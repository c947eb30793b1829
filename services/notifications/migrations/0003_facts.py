"""Why a message failed, waits or is unknown stands as a code; a provider's own words, and older sentences, beside it."""

from shared.database.migrate import script

revision = "notifications_0003"
down_revision = "notifications_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("alter table message add column problem varchar, add column provider_code varchar")


def downgrade() -> None:
    script("alter table message drop column problem, drop column provider_code")
