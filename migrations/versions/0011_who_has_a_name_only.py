"""those who have neither address nor number, by name"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    condition = sa.text("email IS NULL AND phone IS NULL")
    op.create_index(
        "ix_contacts_unreachable", "contacts", ["sort_name", "email", "phone"], sqlite_where=condition, postgresql_where=condition
    )
