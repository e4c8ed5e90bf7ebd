"""broadcasts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm.database import UTCDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sender_id", sa.BigInteger(), nullable=True),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("is_for_everyone", sa.Boolean(), nullable=False),
        sa.Column("is_for_chosen", sa.Boolean(), nullable=False),
        sa.Column("condition", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("scheduled_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("local_time", sa.String(length=16), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("test_on", sa.String(length=10), nullable=True),
        sa.Column("test_share", sa.Integer(), nullable=False),
        sa.Column("test_minutes", sa.Integer(), nullable=False),
        sa.Column("winner_by", sa.String(length=10), nullable=False),
        sa.Column("test_ends_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("winner_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("decided_because", sa.String(length=255), nullable=True),
        sa.Column("is_rolled_out", sa.Boolean(), nullable=False),
        sa.Column("links_due_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("link_checks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("launched_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("launched_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("audience_words", sa.Text(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("frozen", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(timezone=True), nullable=True),
        sa.Column("lane_id", sa.BigInteger(), nullable=True),
        sa.Column("rest_lane_id", sa.BigInteger(), nullable=True),
        sa.Column("sending_since", UTCDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("sent_count", sa.Integer(), nullable=False),
        sa.Column("opened_count", sa.Integer(), nullable=False),
        sa.Column("clicked_count", sa.Integer(), nullable=False),
        sa.Column("counted_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_broadcasts_created_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["launched_by"], ["users.id"], name=op.f("fk_broadcasts_launched_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["email_templates.id"],
            name=op.f("fk_broadcasts_template_id_email_templates"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.create_index("ix_broadcasts_counted", ["counted_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcasts_links_due_at"), ["links_due_at"], unique=False)
        batch_op.create_index("ix_broadcasts_scheduled", ["status", "scheduled_at"], unique=False)
        batch_op.create_index("ix_broadcasts_status", ["status", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcasts_template_id"), ["template_id"], unique=False)

    op.create_table(
        "broadcast_audiences",
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("audience_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_excluded", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audiences.id"],
            name=op.f("fk_broadcast_audiences_audience_id_audiences"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_broadcast_audiences_broadcast_id_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_audiences")),
    )
    with op.batch_alter_table("broadcast_audiences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_audiences_audience_id"), ["audience_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_audiences_broadcast_id"), ["broadcast_id"], unique=False)

    op.create_table(
        "broadcast_contacts",
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_broadcast_contacts_broadcast_id_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_broadcast_contacts_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "contact_id", name=op.f("pk_broadcast_contacts")),
    )
    with op.batch_alter_table("broadcast_contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_contacts_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "broadcast_variants",
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_broadcast_variants_broadcast_id_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["email_contents.id"],
            name=op.f("fk_broadcast_variants_content_id_email_contents"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_variants")),
        sa.UniqueConstraint("broadcast_id", "position", name=op.f("uq_broadcast_variants_broadcast_id_position")),
    )
    with op.batch_alter_table("broadcast_variants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_variants_content_id"), ["content_id"], unique=False)

    # ### end Alembic commands ###
