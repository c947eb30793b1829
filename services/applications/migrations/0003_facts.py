"""An award keeps the grounds of its decision as facts; the sentence stays of those that were decided before."""

from shared.database.migrate import script

revision = "applications_0003"
down_revision = "applications_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("""
        alter table award alter column reason drop not null,
            add column ranking jsonb, add column predecessor_receipt_number varchar,
            add column cause varchar check (cause in ('ineligible', 'suspended', 'closed')), add column findings jsonb
    """)


def downgrade() -> None:
    script("""
        update award set reason = '' where reason is null;
        alter table award alter column reason set not null,
            drop column ranking, drop column predecessor_receipt_number, drop column cause, drop column findings
    """)
