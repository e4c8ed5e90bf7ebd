"""ids that are never given again, and what a merge called off"""

import sqlalchemy as sa
from alembic import op

from crm.database import JSON

revision = "0011"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("contact_merges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("called_off", JSON, server_default="[]", nullable=False))
