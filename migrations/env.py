"""Alembic's entry: migrations run on the connection that crm/schema.py prepared."""

from alembic import context

from crm import wiring  # noqa: F401  every model
from crm.database import db

if connection := context.config.attributes.get("connection"):
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        compare_type=True,
        include_object=lambda _object, name, kind, *_: not (kind == "table" and name.startswith("contacts_search")),
    )
    with context.begin_transaction():
        context.run_migrations()
