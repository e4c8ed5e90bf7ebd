"""people: roles of one's own, invitations, resets, two-factor, profile, sign-in history, scoped tokens"""

import sqlalchemy as sa
from alembic import op

from crm.database import JSON, BigId, UTCDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("password_set_at", UTCDateTime()))
        table.add_column(sa.Column("date_style", sa.String(8), nullable=False, server_default=""))
        table.add_column(sa.Column("signature", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("photo", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("two_factor_nonce", sa.BigInteger()))
        table.add_column(sa.Column("two_factor_step", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("two_factor_since", UTCDateTime()))
    with op.batch_alter_table("api_tokens") as table:
        table.add_column(sa.Column("permissions", JSON))
        table.add_column(sa.Column("expires_at", UTCDateTime()))
    op.create_table(
        "roles",
        sa.Column("id", BigId, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("key", sa.String(50), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("permissions", JSON, nullable=False),
        sa.Column("reach", sa.String(4), nullable=False),
        sa.Column("needs_two_factor", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("key", name=op.f("uq_roles_key")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId),
        sa.Column("happened_at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("ip_address", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        _user("sign_ins"),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id", "id"])
    op.create_index("ix_sign_ins_happened_at", "sign_ins", ["happened_at"])
    op.create_table(
        "recovery_codes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("start", sa.String(4), nullable=False),
        sa.Column("code_hash", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        _user("recovery_codes"),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"])
    op.create_table(
        "user_photos",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_photos")),
        _user("user_photos"),
    )
    op.create_table(
        "invitations",
        *_link(),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(50), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("invited_by", BigId),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("email", name=op.f("uq_invitations_email")),
        _user("invitations", "invited_by", "SET NULL"),
    )
    op.create_index("ix_invitations_email_due_at", "invitations", ["email_due_at"])
    op.create_table(
        "password_resets",
        *_link(),
        sa.Column("user_id", BigId),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
        _user("password_resets"),
    )
    op.create_index(op.f("ix_password_resets_user_id"), "password_resets", ["user_id"])
    op.create_index("ix_password_resets_email_due_at", "password_resets", ["email_due_at"])


def _link() -> list[sa.Column]:
    return [
        sa.Column("id", BigId, nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime()),
        sa.Column("email_due_at", UTCDateTime()),
    ]


def _user(table: str, column: str = "user_id", on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["users.id"], name=op.f(f"fk_{table}_{column}_users"), ondelete=on_delete
    )
