"""The newest event of a programme by one probe of an index, whatever its name."""

from shared.database.migrate import script

revision = "monitoring_0004"
down_revision = "monitoring_0003"
branch_labels = None
depends_on = None

NEWS = """
create index timeline_news on timeline (programme_id, occurred_on)
where not (name like 'message.%' or name like 'milestone.due_soon.%' or name like 'milestone.missed.%');
"""


def upgrade() -> None:
    script(NEWS)


def downgrade() -> None:
    script("drop index timeline_news;")
