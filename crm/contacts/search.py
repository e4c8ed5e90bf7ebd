"""Finding contacts by any part of name, email or phone: an FTS5 table beside `contacts`, or PostgreSQL's own text search.

`reindex` is called by whatever changes a contact's name, email or phone, in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import event

from crm.contacts.models import Contact
from crm.database import db, is_postgresql, table_of

CREATE = (
    "CREATE VIRTUAL TABLE contacts_search USING fts5(text, prefix='1 2 3', tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER contacts_search_delete AFTER DELETE ON contacts BEGIN DELETE FROM contacts_search WHERE rowid = old.id; END",
)
POSTGRES = (
    "CREATE INDEX ix_contacts_search ON contacts USING gin (to_tsvector('simple',"
    " first_name || ' ' || last_name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '')))"
)

_created = [sa.DDL(each).execute_if(dialect="sqlite") for each in CREATE]
_created.append(sa.DDL(POSTGRES.replace("%", "%%")).execute_if(dialect="postgresql"))
for _ddl in _created:
    event.listen(table_of(Contact), "after_create", _ddl)


def words(text: str) -> list[str]:
    """The searchable words of what a person typed."""
    return re.findall(r"\w+", text)[:8]


def found_among_others(text: str, few: int) -> sa.ColumnElement[bool]:
    """The same as `found_by`, for use beside other conditions: words that more than `few` share do not lead the search."""
    if is_postgresql() or not words(text) or not _is_common(text, few):
        return found_by(text)
    return (Contact.id + 0).in_(_rowids(text).scalar_subquery())


def _is_common(text: str, few: int) -> bool:
    some = _rowids(text, f"LIMIT {few + 1:d}").subquery()
    return (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > few


def _rowids(text: str, limit: str = "") -> sa.TextualSelect:
    matches = sa.text(f"SELECT rowid FROM contacts_search WHERE contacts_search MATCH :wanted {limit}")  # noqa: S608
    return matches.bindparams(wanted=_wanted(text)).columns(sa.column("rowid", sa.Integer))


def searched(text: str) -> tuple[sa.FromClause, sa.ColumnElement[bool], sa.ColumnElement[int] | None]:
    """Where to read the contacts found by `text` from: tables, condition, and the id that is cheapest to sort by, if any.

    The same contacts as `found_by`, but for a word that half the contacts share the index is read newest first and no further
    than needed.
    """
    contacts = table_of(Contact)
    if is_postgresql() or not words(text):
        return contacts, found_by(text), None
    index = sa.table("contacts_search", sa.column("rowid", sa.Integer))
    matches = sa.text("contacts_search MATCH :wanted").bindparams(wanted=_wanted(text))
    return index.join(contacts, contacts.c.id == index.c.rowid), matches, index.c.rowid  # type: ignore[return-value]


def _wanted(text: str) -> str:
    return " ".join(f'"{word}"*' for word in words(text))


def found_by(text: str) -> sa.ColumnElement[bool]:
    """The condition on contacts that every word of `text` starts a word of name, email or phone. No words match nobody."""
    typed = words(text)
    if not typed:
        return sa.false()
    if is_postgresql():
        return sa.text(POSTGRES_MATCH).bindparams(wanted=" & ".join(f"{word}:*" for word in typed))  # type: ignore[return-value]
    return Contact.id.in_(_rowids(text).scalar_subquery())


POSTGRES_MATCH = (
    "to_tsvector('simple', contacts.first_name || ' ' || contacts.last_name || ' ' || coalesce(contacts.email, '')"
    " || ' ' || coalesce(contacts.phone, '')) @@ to_tsquery('simple', :wanted)"
)


INDEX_NEW = (
    "INSERT INTO contacts_search (rowid, text) SELECT id, first_name || ' ' || last_name || ' ' || coalesce(email, '')"
    " || ' ' || coalesce(phone, '') FROM contacts WHERE id > :last ORDER BY id"
)


def index_after(last_id: int) -> None:
    """Index the contacts added since `last_id` was the newest, in one statement. None of them may be indexed yet."""
    if not is_postgresql():
        db.session.execute(sa.text(INDEX_NEW), {"last": last_id})


def reindex(ids: Sequence[int]) -> None:
    """Bring the index up to date for these contacts. PostgreSQL keeps its own."""
    if is_postgresql() or not ids:
        return
    db.session.flush()
    for start in range(0, len(ids), 500):
        some = {"ids": list(ids[start : start + 500])}
        picked = sa.bindparam("ids", expanding=True)
        db.session.execute(sa.text("DELETE FROM contacts_search WHERE rowid IN :ids").bindparams(picked), some)
        db.session.execute(
            sa.text(
                "INSERT INTO contacts_search (rowid, text) SELECT id, first_name || ' ' || last_name || ' ' ||"
                " coalesce(email, '') || ' ' || coalesce(phone, '') FROM contacts WHERE id IN :ids"
            ).bindparams(picked),
            some,
        )
