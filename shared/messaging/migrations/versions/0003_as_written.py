"""Events' attributes stay as they were written, and an index has each shard's events in order: a relay works out neither."""

from shared.database.migrate import script

revision = "delivery_0003"
down_revision = "delivery_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("""
        alter table event_log alter column attributes type json;
        drop index ix_outbox_shard;
        create index outbox_in_order on outbox (shard, position);
    """)


def downgrade() -> None:
    script("""
        drop index outbox_in_order;
        create index ix_outbox_shard on outbox (shard);
        alter table event_log alter column attributes type jsonb;
    """)
