"""the audit log and the hold"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm.database import UTCDateTime

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", BIG, nullable=False),
        sa.Column("cause", sa.String(12), nullable=False),
        sa.Column("since", UTCDateTime(timezone=True), nullable=False),
        sa.Column("begun_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.String(120), nullable=False),
        sa.Column("ended_at", UTCDateTime(timezone=True)),
        sa.Column("ended_by", BIG),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("decision", sa.String(12)),
        sa.Column("skipped_before", UTCDateTime(timezone=True)),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_holds_ended_by_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_ended_at"), "holds", ["ended_at"])
    op.create_table(
        "audit_entries",
        sa.Column("id", BIG, nullable=False),
        sa.Column("occurred_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("user_id", BIG),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("via", sa.String(12), nullable=False),
        sa.Column("via_name", sa.String(120), nullable=False),
        sa.Column("ip_address", sa.String(45), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("record_id", sa.BigInteger()),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("contact_id", sa.BigInteger()),
        sa.Column("changes", JSON, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_entries_user_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_moment", "audit_entries", ["occurred_at", "id"])
    op.create_index("ix_audit_entries_user", "audit_entries", ["user_id", "id"])
    op.create_index("ix_audit_entries_kind", "audit_entries", ["kind", "id"])
    op.create_index("ix_audit_entries_record", "audit_entries", ["kind", "record_id", "id"])
    op.create_index("ix_audit_entries_contact", "audit_entries", ["contact_id", "id"])
    op.create_table(
        "health_troubles",
        sa.Column("subject", sa.String(60), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("since", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_health_troubles")),
    )
    op.create_table(
        "prunings",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("pruned_at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_prunings")),
    )
