"""rules that tag by themselves; owners by team and condition; what imports remember and need for undoing"""

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
    _imports()
    _ownership()
    for name in ("last_email_opened_at", "last_email_clicked_at"):
        _index_those_who_have(name)


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


def _imports() -> None:
    with op.batch_alter_table("contact_imports") as table:
        table.add_column(sa.Column("dedupe", sa.String(12), nullable=False, server_default="email"))
        table.add_column(sa.Column("headings", sa.String(64)))
        table.add_column(sa.Column("is_described", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in ("removed", "restored", "kept"):
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        table.create_index("ix_contact_imports_headings", ["headings"])
    op.create_table("contact_import_batches", sa.Column("id", BIG, primary_key=True), _import_id(), *(sa.Column(name, JSON, nullable=False) for name in ("created", "changed", "tagged")))
    op.create_index("ix_contact_import_batches_import_id", "contact_import_batches", ["import_id"])
    op.create_table(
        "contact_import_links",
        sa.Column("id", BIG, primary_key=True),
        _import_id(),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("contact_id", BIG, sa.ForeignKey("contacts.id", ondelete="CASCADE")),
        sa.Column("column", sa.String(20), nullable=False),
        sa.Column("text", sa.String(255), nullable=False),
    )
    op.create_index("ix_contact_import_links_import_id", "contact_import_links", ["import_id"])
    op.create_index("ix_contact_import_links_contact_id", "contact_import_links", ["contact_id"])
    op.create_table(
        "contact_import_kept",
        _import_id(primary_key=True),
        sa.Column("contact_id", BIG, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("reason", sa.String(255), nullable=False),
    )
    op.create_index("ix_contact_import_kept_contact_id", "contact_import_kept", ["contact_id"])


def _ownership() -> None:
    with op.batch_alter_table("ownership_rules") as table:
        table.add_column(sa.Column("condition", JSON))
        table.add_column(sa.Column("team_id", BIG))
        table.create_foreign_key("fk_ownership_rules_team_id_teams", "teams", ["team_id"], ["id"], ondelete="SET NULL")


def _index_those_who_have(column: str) -> None:
    """Most contacts never opened an email: the index holds those who did."""
    has_one = sa.text(f"{column} IS NOT NULL")
    op.drop_index(f"ix_contacts_{column}", "contacts")
    op.create_index(f"ix_contacts_{column}", "contacts", [column], sqlite_where=has_one, postgresql_where=has_one)


def _import_id(**options: bool) -> sa.Column[int]:
    return sa.Column("import_id", BIG, sa.ForeignKey("contact_imports.id", ondelete="CASCADE"), nullable=False, **options)
