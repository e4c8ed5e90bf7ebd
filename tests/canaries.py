"""A stranger's contact with a row in every table that hangs on contacts, all of it marked, made from the schema."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa

from crm.contacts.indexing import reindex
from crm.database import commit, db
from crm.lib import clock

ID, OTHER_ID = 77, 78
"""The id of every row that is made; 78 where a second contact is needed."""
MARK = "kanarie"
PLAIN = {
    "activity_type": "note_added", "kind": "text", "step_type": "exit_workflow", "type": "mention", "channel": "email",
    "status": "", "event_type": "exited", "key": "plain", "slug": "plain", "digest": "plain", "start": "abcd",
    "branch_type": "main", "format": "markdown", "how": "form", "table_name": "contacts", "outcome": "in", "delimiter": ",",
    "encoding": "utf-8", "stored_as": "plain", "purpose": "workflow", "operation": "any", "country": "ES", "timezone": "UTC",
    "role": "crm_agent",
}  # fmt: skip
"""Values of columns that hold a key rather than words."""
OWN = {
    "contacts": {
        "first_name": "Kanarievogel", "last_name": "Kanarievogel", "sort_name": "kanarievogel", "email": "kanarievogel@kanarie.example",
        "city": "Kanarieville", "source": "Kanariesource", "external_id": "kanarie-1",
    },
    "audiences": {"kind": "static"},
}  # fmt: skip
"""What a person would look for."""
PRIVATE = (
    "contact_imports", "contact_exports", "bulk_actions", "contact_views", "user_notifications", "api_tokens", "user_sessions",
    "sign_ins", "deleted_records",
)  # fmt: skip
"""Tables that hang on somebody of the staff and are theirs alone."""


def release(owner_id: int) -> list[str]:
    """Make it all, owned by this user; the names of the tables that have a marked row."""
    made = _Made(owner_id)
    made.fill(db.metadata.tables["contacts"], MARK)
    made.fill(db.metadata.tables["contacts"], MARK, OTHER_ID)
    for table in db.metadata.sorted_tables:
        if table.name in PRIVATE or any(key.column.table.name == "contacts" for key in table.foreign_keys):
            made.fill(table, MARK)
    reindex([ID, OTHER_ID])
    commit()
    return sorted(made.marked)


class _Made:
    """What is there already, so that each row is made once and its parents before it."""

    def __init__(self, owner_id: int):
        self.owner_id = owner_id
        self.there: set[tuple[str, int]] = set()
        self.marked: set[str] = set()

    def fill(self, table: sa.Table, word: str, number: int = ID) -> None:
        if (table.name, number) in self.there:
            return
        self.there.add((table.name, number))
        values = {column.key: self._value(column, word, number) for column in table.columns if self._wants(column)}
        values |= OWN.get(table.name, {}) if number == ID else {}
        if any(isinstance(each, str) and MARK in each.lower() for each in values.values()):
            self.marked.add(table.name)
        db.session.execute(sa.insert(table).values(values))

    def _wants(self, column: sa.Column[Any]) -> bool:
        if column.primary_key or column.name in {"subject_type", "merged_into_id"}:
            return column.primary_key
        is_words = isinstance(column.type, sa.String) and column.default is None
        return is_words or bool(column.foreign_keys) or (not column.nullable and column.default is None)

    def _value(self, column: sa.Column[Any], word: str, number: int) -> Any:
        for key in column.foreign_keys:
            parent = key.column.table
            if parent.name == "users":
                return self.owner_id
            if parent is column.table:
                return None
            wanted = OTHER_ID if column.name in {"second_id", "guardian_id", "referrer_id"} else ID
            self.fill(parent, "plain" if parent.name != "contacts" else MARK, wanted)
            return wanted
        return _plain(column, word, number)


def _plain(column: sa.Column[Any], word: str, number: int) -> Any:
    """A value of the column's type; words carry the mark, the table and the column."""
    if column.name in PLAIN:
        return None if column.nullable else f"{PLAIN[column.name]}{number if column.unique else ''}"
    kind: type = column.type.python_type
    if kind is str:
        text = f"{word} {column.table.name} {column.name} {number}"
        return text if getattr(column.type, "length", None) is None else text[: column.type.length]
    return {int: number, bool: False, bytes: b"", dict: {}, list: [], float: 0.0}.get(kind, _moment(kind))


def _moment(kind: type) -> Any:
    now = clock.now()
    return {datetime: now, date: now.date(), time: now.time()}.get(kind)
