"""one index of words, which knows beginnings and parts, instead of two"""

import sqlalchemy as sa
from alembic import op

from crm.contacts.indexing import CREATE, INDEX, text_of

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    index, _, trigger = CREATE
    if op.get_bind().scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = 'contacts_search'")) == index:
        return
    op.execute("DROP TRIGGER IF EXISTS contacts_search_delete")
    op.execute("DROP TABLE IF EXISTS contacts_search_parts")
    op.execute("DROP TABLE contacts_search")
    op.execute(index)
    op.execute(trigger)
    _fill()


def _fill(size: int = 5_000) -> None:
    some = sa.text("SELECT id, sort_name, email, phone FROM contacts WHERE id > :last ORDER BY id LIMIT :size")
    last = 0
    while found := op.get_bind().execute(some, {"last": last, "size": size}).all():
        rows = [{"rowid": each.id, "text": text_of(each.sort_name, each.email, each.phone)} for each in found]
        op.get_bind().execute(sa.insert(INDEX), rows)
        last = found[-1].id
