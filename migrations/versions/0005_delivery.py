"""lanes of email"""

import sqlalchemy as sa
from alembic import op

from crm.database import BigId, UTCDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "email_lanes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("per_minute", sa.Integer()),
        sa.Column("sender_id", sa.BigInteger()),
        sa.Column("next_at", UTCDateTime()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_email_lanes"),
    )
    op.create_index("ix_email_lanes_parent", "email_lanes", ["purpose", "parent_id"])
    op.drop_index("ix_email_messages_due", table_name="email_messages")
    op.add_column("email_messages", sa.Column("lane_id", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_email_messages_due", "email_messages", ["status", "lane_id", "due_at"])
    op.add_column("email_messages", sa.Column("failing_since", UTCDateTime()))
    op.add_column("email_messages", sa.Column("slot_at", UTCDateTime()))
    op.create_table(
        "sending_domains",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("held_until", UTCDateTime()),
        sa.Column("reason", sa.String(255)),
        sa.Column("next_at", UTCDateTime()),
        sa.Column("next_single_at", UTCDateTime()),
        sa.PrimaryKeyConstraint("domain", name="pk_sending_domains"),
    )
    op.create_table(
        "sending_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_sending_days"),
    )
