"""The index by which contacts are found by name, email or phone, kept in step with them.

On SQLite an FTS5 table beside `contacts` knows every three letters in a row of their words. PostgreSQL has its own text search, and finds
parts by an index where the extension pg_trgm is to be had. Whatever changes a contact's name, email or phone calls `reindex`, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import event

from crm.contacts import spelling
from crm.contacts.models import Contact
from crm.database import db, is_postgresql, table_of
from crm.lib.bulk import among, execute_alike
from crm.lib.trigrams import spaced

TEXT = "sort_name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '')"
"""What is searched: the name without accents and case, the address and the number."""
CREATE = (
    "CREATE VIRTUAL TABLE contacts_search USING fts5(text, tokenize='trigram', detail=none, columnsize=0)",
    f"{spelling.CREATE} WITHOUT ROWID",
    "CREATE TRIGGER contacts_search_delete AFTER DELETE ON contacts BEGIN DELETE FROM contacts_search WHERE rowid = old.id; END",
)
POSTGRES = f"""DO $$ BEGIN
  CREATE INDEX ix_contacts_search ON contacts USING gin (to_tsvector('simple', {TEXT}));
  {spelling.CREATE};
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX ix_contacts_search_parts ON contacts USING gin (({TEXT}) gin_trgm_ops);
  EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'parts of names are found without an index';
  END;
END $$"""

_created = [sa.DDL(each).execute_if(dialect="sqlite") for each in CREATE]
_created.append(sa.DDL(POSTGRES.replace("%", "%%")).execute_if(dialect="postgresql"))
_created.append(sa.DDL("DROP TABLE IF EXISTS contacts_search_words").execute_if(dialect="postgresql"))
for _ddl in _created[:-1]:
    event.listen(table_of(Contact), "after_create", _ddl)
event.listen(table_of(Contact), "after_drop", _created[-1])

INDEX = sa.table("contacts_search", sa.column("rowid", sa.Integer), sa.column("text", sa.String))
_ADD = sa.insert(INDEX)


def text_of(sort_name: str, email: str | None, phone: str | None) -> str:
    """What the index keeps of a contact on SQLite."""
    return spaced(f"{sort_name} {email or ''} {phone or ''}")


class ToIndex:
    """Contacts who are new, until they go into the index with one another, which takes less time than some after some.

    None of them may be indexed yet; they are to be written in the transaction that made them.
    """

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.texts: list[str] = []
        self.names: set[str] = set()

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, ids: Iterable[int], texts: Iterable[str], names: Iterable[str]) -> None:
        """Take more: what `text_of` says of each, and their `sort_name`s."""
        self.ids += ids
        self.texts += texts
        self.names.update(names)

    def write(self) -> None:
        """Index them."""
        if self.ids:
            index_new(self.ids, self.texts, self.names)
        self.ids, self.texts, self.names = [], [], set()


def index_new(ids: Sequence[int], texts: Sequence[str], names: Iterable[str]) -> None:
    """Index contacts who are new, in a few statements: what `text_of` says of them, and their `sort_name`s. None of them may be indexed yet."""
    if not is_postgresql():
        execute_alike(db.session.connection(), _ADD, {}, {"rowid": ids, "text": texts})
    spelling.learn(names)


def reindex(ids: Sequence[int]) -> None:
    """Bring the index up to date for these contacts. PostgreSQL keeps its own, but for the spelling of names."""
    db.session.flush()
    contacts = table_of(Contact).c
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        before = [] if is_postgresql() else _take_out(some)
        asked = sa.select(contacts.id, contacts.sort_name, contacts.email, contacts.phone).where(
            among(contacts.id, some)
        )
        found = db.session.execute(asked.order_by(contacts.id)).all()
        index_new(
            [each.id for each in found], [text_of(*each[1:]) for each in found], [each.sort_name for each in found]
        )
        spelling.forget(before)


def _take_out(ids: Sequence[int]) -> Sequence[str]:
    """Remove these contacts from the index; what stood there."""
    of_them = among(INDEX.c.rowid, ids)
    before = db.session.scalars(sa.select(INDEX.c.text).where(of_them)).all()
    if before:
        db.session.execute(sa.delete(INDEX).where(of_them))
    return before
