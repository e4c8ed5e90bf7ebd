"""reports about emails, why an address is suppressed, senders, domain checks"""

import sqlalchemy as sa
from alembic import op

from crm.database import JSON, BigId, UTCDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table('suppressions') as batch:
        batch.add_column(sa.Column('kind', sa.String(length=12), nullable=False, server_default='hard'))
        batch.add_column(sa.Column('source', sa.String(length=120), nullable=False, server_default=''))
        batch.add_column(sa.Column('email_message_id', sa.BigInteger(), nullable=True))
        batch.create_index('ix_suppressions_kind', ['channel', 'kind', 'id'])
    op.execute("UPDATE suppressions SET kind = 'erased' WHERE address LIKE 'hmac:%'")
    with op.batch_alter_table('email_messages') as batch:
        batch.add_column(sa.Column('complained_at', UTCDateTime(), nullable=True))
        batch.add_column(sa.Column('sender_id', sa.BigInteger(), nullable=True))
    op.create_table('suppression_releases',
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('address', sa.String(length=255), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=255), nullable=False),
    sa.Column('why', sa.String(length=255), nullable=False),
    sa.Column('released_by', BigId, nullable=True),
    sa.Column('released_at', UTCDateTime(), nullable=False),
    sa.Column('id', BigId, nullable=False),
    sa.ForeignKeyConstraint(['released_by'], ['users.id'], name=op.f('fk_suppression_releases_released_by_users'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppression_releases'))
    )
    op.create_index('ix_suppression_releases_address', 'suppression_releases', ['address', 'released_at'])
    op.create_table('email_senders',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=255), nullable=False),
    sa.Column('reply_to', sa.String(length=255), nullable=True),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.Column('id', BigId, nullable=False),
    sa.Column('created_at', UTCDateTime(), nullable=False),
    sa.Column('updated_at', UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_email_senders')),
    sa.UniqueConstraint('address', name=op.f('uq_email_senders_address'))
    )
    op.create_table('domain_checks',
    sa.Column('domain', sa.String(length=255), nullable=False),
    sa.Column('findings', JSON, nullable=True),
    sa.Column('checked_at', UTCDateTime(), nullable=True),
    sa.Column('asked_at', UTCDateTime(), nullable=True),
    sa.Column('id', BigId, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_domain_checks')),
    sa.UniqueConstraint('domain', name=op.f('uq_domain_checks_domain'))
    )
    op.create_table('email_reports',
    sa.Column('source', sa.String(length=12), nullable=False),
    sa.Column('event_id', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('address', sa.String(length=255), nullable=False),
    sa.Column('email_message_id', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('happened_at', UTCDateTime(), nullable=False),
    sa.Column('received_at', UTCDateTime(), nullable=False),
    sa.Column('applied_at', UTCDateTime(), nullable=True),
    sa.Column('id', BigId, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_email_reports')),
    sa.UniqueConstraint('source', 'event_id', name=op.f('uq_email_reports_source_event_id'))
    )
    op.create_index('ix_email_reports_source', 'email_reports', ['source', 'id'])
    op.create_index('ix_email_reports_message', 'email_reports', ['email_message_id'])
    op.create_index('ix_email_reports_address', 'email_reports', ['address', 'kind', 'happened_at'])
    op.create_index('ix_email_reports_received', 'email_reports', ['received_at'])
    waiting = sa.text('applied_at IS NULL')
    op.create_index('ix_email_reports_waiting', 'email_reports', ['id'], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table('mailboxes',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('uid_validity', sa.BigInteger(), nullable=True),
    sa.Column('last_uid', sa.BigInteger(), nullable=False),
    sa.Column('lease_until', UTCDateTime(), nullable=True),
    sa.Column('checked_at', UTCDateTime(), nullable=True),
    sa.Column('problem', sa.String(length=255), nullable=True),
    sa.Column('bounces', sa.Integer(), nullable=False),
    sa.Column('replies', sa.Integer(), nullable=False),
    sa.Column('id', BigId, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailboxes')),
    sa.UniqueConstraint('key', name=op.f('uq_mailboxes_key'))
    )
    with op.batch_alter_table("email_templates", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("sender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_email_templates_sender_id"), ["sender_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_email_templates_sender_id_email_senders"),
            "email_senders",
            ["sender_id"],
            ["id"],
            ondelete="SET NULL",
        )
