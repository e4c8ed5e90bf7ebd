"""communication preferences, topics, consent records, and what templates and messages say of them"""

import sqlalchemy as sa
from alembic import op

from crm.database import UTCDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table('topics',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('description', sa.String(length=300), nullable=False),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.Column('is_public', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', UTCDateTime(), nullable=False),
    sa.Column('updated_at', UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topics')),
    sa.UniqueConstraint('slug', name=op.f('uq_topics_slug'))
    )
    op.create_table('communication_preferences',
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('email_enabled', sa.Boolean(), nullable=False),
    sa.Column('sms_enabled', sa.Boolean(), nullable=False),
    sa.Column('whatsapp_enabled', sa.Boolean(), nullable=False),
    sa.Column('push_enabled', sa.Boolean(), nullable=False),
    sa.Column('marketing_emails', sa.Boolean(), nullable=False),
    sa.Column('transactional_emails', sa.Boolean(), nullable=False),
    sa.Column('class_reminders', sa.Boolean(), nullable=False),
    sa.Column('payment_reminders', sa.Boolean(), nullable=False),
    sa.Column('preferred_channel', sa.String(length=12), nullable=False),
    sa.Column('quiet_hours_start', sa.Time(), nullable=True),
    sa.Column('quiet_hours_end', sa.Time(), nullable=True),
    sa.Column('frequency', sa.String(length=10), nullable=False),
    sa.Column('confirmation', sa.String(length=10), nullable=False),
    sa.Column('confirmation_asked_at', UTCDateTime(), nullable=True),
    sa.Column('confirmed_at', UTCDateTime(), nullable=True),
    sa.Column('updated_at', UTCDateTime(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_communication_preferences_contact_id_contacts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_communication_preferences')),
    sa.UniqueConstraint('contact_id', name=op.f('uq_communication_preferences_contact_id'))
    )
    op.create_table('consent_records',
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('address', sa.String(length=255), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('what', sa.String(length=120), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('how', sa.String(length=20), nullable=False),
    sa.Column('shown', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=255), nullable=False),
    sa.Column('ip_address', sa.String(length=45), nullable=True),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('given_at', UTCDateTime(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_consent_records_contact_id_contacts'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_consent_records_user_id_users'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent_records'))
    )
    with op.batch_alter_table('consent_records', schema=None) as batch_op:
        batch_op.create_index('ix_consent_records_contact', ['contact_id', 'id'], unique=False)
        batch_op.create_index('ix_consent_records_given', ['is_on', 'given_at', 'contact_id'], unique=False)

    op.create_table('contact_topics',
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('topic_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('changed_at', UTCDateTime(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_contact_topics_contact_id_contacts'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['topic_id'], ['topics.id'], name=op.f('fk_contact_topics_topic_id_topics'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_topics')),
    sa.UniqueConstraint('contact_id', 'topic_id', name=op.f('uq_contact_topics_contact_id_topic_id'))
    )
    with op.batch_alter_table('contact_topics', schema=None) as batch_op:
        batch_op.create_index('ix_contact_topics_topic', ['topic_id', 'is_on', 'contact_id'], unique=False)

    op.create_table('email_template_versions',
    sa.Column('template_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('content_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('saved_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('saved_at', UTCDateTime(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['content_id'], ['email_contents.id'], name=op.f('fk_email_template_versions_content_id_email_contents'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['saved_by'], ['users.id'], name=op.f('fk_email_template_versions_saved_by_users'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['template_id'], ['email_templates.id'], name=op.f('fk_email_template_versions_template_id_email_templates'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_email_template_versions')),
    sa.UniqueConstraint('template_id', 'version', name=op.f('uq_email_template_versions_template_id_version'))
    )
    with op.batch_alter_table('contact_imports', schema=None) as batch_op:
        batch_op.add_column(sa.Column('consent_note', sa.String(length=300), server_default='', nullable=False))
        batch_op.add_column(sa.Column('asks_confirmation', sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table('email_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('topic_id', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('email_templates', schema=None) as batch_op:
        batch_op.add_column(sa.Column('topic_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('kind', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('archived_at', UTCDateTime(), nullable=True))
        batch_op.create_index(batch_op.f('ix_email_templates_topic_id'), ['topic_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_email_templates_topic_id_topics'), 'topics', ['topic_id'], ['id'], ondelete='SET NULL')
    op.execute(
        "INSERT INTO email_template_versions (template_id, version, name, content_id, saved_by, actor, saved_at)"
        " SELECT id, version, name, content_id, created_by, '', updated_at FROM email_templates"
    )
