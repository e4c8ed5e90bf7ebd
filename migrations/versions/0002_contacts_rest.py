"""rules that tag by themselves"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm.database import UTCDateTime

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _tag_rules()


def _tag_rules() -> None:
    op.create_table(
        "contact_tag_rules",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("tag_id", BIG, sa.ForeignKey("contact_tags.id", ondelete="CASCADE"), nullable=False),
        sa.Column("activity_type", sa.String(50), nullable=False),
        sa.Column("filters", JSON, nullable=False),
        sa.Column("condition", JSON),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_by", BIG, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("past_after_id", BIG),
        sa.Column("past_until_id", BIG),
        sa.Column("past_tagged", sa.Integer()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_contact_tag_rules_tag_id", "contact_tag_rules", ["tag_id"])
