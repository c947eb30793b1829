"""Messages whose outcome is unknown are counted at each scrape: their own index."""

from shared.database.migrate import script

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("create index message_unknown on message (channel) where state = 'unknown'")


def downgrade() -> None:
    script("drop index message_unknown")
