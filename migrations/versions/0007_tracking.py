"""opens, the devices behind opens and clicks, and indexes for the figures of an email"""

import sqlalchemy as sa
from alembic import op

from crm.database import UTCDateTime

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _opens()
    _clicks()
    op.create_table(
        "email_lost_hits",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_email_lost_hits"),
        sa.UniqueConstraint("day", "kind", name="uq_email_lost_hits_day_kind"),
    )
    of_step = sa.text("step_id IS NOT NULL")
    op.create_index("ix_email_messages_content", "email_messages", ["content_id", "id"])
    op.create_index(
        "ix_email_messages_step", "email_messages", ["step_id", "id"], sqlite_where=of_step, postgresql_where=of_step
    )


def _seen() -> list[sa.Column]:
    return [
        sa.Column("device", sa.String(10), nullable=True),
        sa.Column("client", sa.String(30), nullable=True),
        sa.Column("system", sa.String(20), nullable=True),
        sa.Column("visitor", sa.String(8), nullable=False, server_default="person"),
    ]


def _opens() -> None:
    op.create_table(
        "email_opens",
        sa.Column("email_message_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.Column("user_agent", sa.String(255), nullable=True),
        sa.Column("ip_address", sa.String(45), nullable=True),
        *_seen(),
        sa.Column("machine_reason", sa.String(60), nullable=True),
        sa.ForeignKeyConstraint(
            ["email_message_id"], ["email_messages.id"], name="fk_email_opens_email_message_id_email_messages", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_email_opens_contact_id_contacts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_email_opens"),
    )  # fmt: skip
    op.create_index("ix_email_opens_email_message_id", "email_opens", ["email_message_id"])
    op.create_index("ix_email_opens_contact", "email_opens", ["contact_id", "opened_at"])


def _clicks() -> None:
    for column in (sa.Column("position", sa.Integer(), nullable=True), *_seen()):
        op.add_column("email_link_clicks", column)
    op.execute("UPDATE email_link_clicks SET visitor = 'machine' WHERE machine_reason IS NOT NULL")
    waiting = sa.text("visitor = 'waiting'")
    op.create_index(
        "ix_email_link_clicks_waiting", "email_link_clicks", ["clicked_at"], sqlite_where=waiting, postgresql_where=waiting
    )  # fmt: skip
