"""A batch of rows against the contacts there are: who is new, who changes, and writing it all in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, ContactCreated
from crm.contacts.fieldset import DETAILS, Detail, detail_named
from crm.contacts.models import Contact, sort_name
from crm.contacts.operations import SEARCHED, TAKEN, facts_of
from crm.contacts.search import index_after, reindex
from crm.custom_fields.models import PREFIX
from crm.custom_fields.operations import write_values
from crm.custom_fields.queries import custom_fields
from crm.custom_fields.queries import values_of as custom_values
from crm.database import db, is_postgresql, table_of
from crm.imports.consenting import keep_consent
from crm.imports.rows import Row, identity_without_email
from crm.imports.seen import Seen
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.tags.models import Tag
from crm.tags.operations import create_tag, tag_contacts
from crm.tags.queries import tag_named

CONTACTS = table_of(Contact)
_INSERT = sa.insert(CONTACTS)
BY_COLUMN = {each.column or each.key: each for each in DETAILS}
COLUMNS = tuple(BY_COLUMN)
EMPTY = dict.fromkeys(COLUMNS) | {"first_name": "", "last_name": "", "lifecycle_stage": "lead"}


@dataclass(frozen=True)
class Rules:
    """How rows meet contacts. `only_of`: the agent beyond whose own contacts nothing is seen or changed."""

    existing: str
    tag_ids: tuple[int, ...]
    actor: Actor
    only_of: int | None = None
    consent_note: str = ""
    asks_confirmation: bool = False


def sort_out(rows: Sequence[Row], seen: Seen, rules: Rules) -> None:
    """Give each row its outcome. `seen` remembers, over all batches, on which line a person came first."""
    candidates = [row for row in rows if not row.outcome and _is_first(row, seen)]
    there = _contacts_like(candidates)
    own = _own_values(candidates, [each.id for each in there.values()])
    for row in candidates:
        contact = there.get(row.identity)
        if contact is None:
            row.outcome = "created"
        elif rules.only_of is not None and contact.owner_id != rules.only_of:
            row.refuse("", row.values.get("email") or "", TAKEN)
        else:
            _meet(row, contact, {**contact._mapping, **own.get(contact.id, {})}, rules.existing)


def remember(row: Row, seen: Seen) -> None:
    """Note a row dealt with before the import was interrupted."""
    if not row.outcome:
        seen.first_line(row.identity, row.line)


def apply(rows: Sequence[Row], rules: Rules) -> None:
    """Write what `sort_out` decided, with search index, tags and activities."""
    new = [row for row in rows if row.outcome == "created"]
    changed = [row for row in rows if row.outcome == "updated"]
    _insert(new, rules)
    _update(changed)
    _write_own(new, changed)
    searched = [row.contact_id for row in changed if SEARCHED & row.changes.keys()]
    _index(new)
    reindex([each for each in searched if each])
    _emit(new, changed, rules.actor)
    keep_consent(
        {row.contact_id: row.values["email"] for row in new if row.contact_id and row.values.get("email")}, rules
    )
    _tag([row for row in rows if row.contact_id and row.outcome != "skipped"], rules)


def _index(new: Sequence[Row]) -> None:
    """The new ones stand together at the end on SQLite, and go into the index in one statement."""
    ids = [row.contact_id for row in new if row.contact_id]
    if ids and is_postgresql():
        reindex(ids)
    elif ids:
        index_after(ids[0] - 1)


def _is_first(row: Row, seen: Seen) -> bool:
    line = seen.first_line(row.identity, row.line)
    if line != row.line:
        row.skip(f"The same person as on line {line}.")
    return line == row.line


def _contacts_like(rows: Iterable[Row]) -> dict[str, Any]:
    """The contacts these rows may be, by identity."""
    rows = list(rows)
    emails = [row.values["email"] for row in rows if "email" in row.values]
    names = [row.sort_name for row in rows if "email" not in row.values]
    found = {each.email: each for each in _fetch(CONTACTS.c.email, emails)}
    for each in _fetch(CONTACTS.c.sort_name, names):
        if each.phone or not each.email:
            found.setdefault(identity_without_email(each.phone, each.sort_name), each)
    return found


def _fetch(column: sa.Column[Any], values: Sequence[str]) -> Iterable[sa.Row[Any]]:
    wanted = [CONTACTS.c.id, CONTACTS.c.sort_name, *(CONTACTS.c[each] for each in COLUMNS)]
    connection = db.session.connection()
    for start in range(0, len(values), 500):
        some = sa.select(*wanted).where(column.in_(values[start : start + 500])).order_by(CONTACTS.c.id)
        yield from connection.execute(some)


def _own_values(rows: Iterable[Row], ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What these contacts have in the school's own fields, as far as the rows fill them, by the fields' names."""
    filled = {key for row in rows for key in row.values if key.startswith(PREFIX)}
    fields = [each for each in custom_fields() if each.name in filled] if filled else []
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids) if fields else 0, 500):
        for contact_id, values in custom_values(ids[start : start + 500], fields).items():
            found[contact_id] = {each.name: values.get(each.key) for each in fields}
    return found


def _meet(row: Row, contact: sa.Row[Any], stored: Mapping[str, Any], existing: str) -> None:
    row.contact_id = contact.id
    if existing == "skip":
        row.skip("Already a contact.")
        return
    row.stage = stored["lifecycle_stage"]
    for column, value in row.values.items():
        old = stored.get(column)
        if old != value and (existing == "overwrite" or old in (None, "")):
            row.changes[column] = [old, value]
    row.outcome = "updated" if row.changes else "unchanged"


def _insert(rows: Sequence[Row], rules: Rules) -> None:
    now = clock.now()
    common = {**EMPTY, "owner_id": rules.only_of, "created_at": now, "updated_at": now, "stage_changed_at": now}
    for row, new_id in zip(rows, _new_ids(len(rows)), strict=True):
        row.contact_id = new_id
    values = [{**common, **_plain(row.values), "id": row.contact_id, "sort_name": row.sort_name} for row in rows]
    execute_many(db.session.connection(), _INSERT, values)


def _plain(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those kept on the contact itself."""
    if not any(key.startswith(PREFIX) for key in values):
        return values
    return {key: value for key, value in values.items() if not key.startswith(PREFIX)}


def _write_own(new: Sequence[Row], changed: Sequence[Row]) -> None:
    """The school's own fields: one deletion and one insertion each."""
    values: dict[str, dict[int, Any]] = defaultdict(dict)
    for row in new:
        for key, value in row.values.items():
            if key.startswith(PREFIX):
                values[key][row.contact_id or 0] = value
    for row in changed:
        for key, (_, value) in row.changes.items():
            if key.startswith(PREFIX):
                values[key][row.contact_id or 0] = value
    for field in custom_fields() if values else ():
        if field.name in values:
            write_values(field, values[field.name])


def _new_ids(count: int) -> Iterable[int]:
    """Ids nobody else will take: SQLite has one writer, PostgreSQL a sequence."""
    if is_postgresql():
        numbers = sa.text("SELECT nextval(pg_get_serial_sequence('contacts', 'id')) FROM generate_series(1, :count)")
        return db.session.scalars(numbers, {"count": count}).all()
    last = db.session.scalar(sa.select(sa.func.coalesce(sa.func.max(CONTACTS.c.id), 0))) or 0
    return range(last + 1, last + 1 + count)


def _update(rows: Sequence[Row]) -> None:
    """One statement for each set of columns that change."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        values = dict(_plain({column: new for column, (_, new) in row.changes.items()}))
        if "lifecycle_stage" in values:
            values["stage_changed_at"] = clock.now()
        alike[tuple(sorted(values))].append({"contact": row.contact_id, "now": clock.now(), **values})
    for columns, values in alike.items():
        what = {each: sa.bindparam(each) for each in columns}
        statement = sa.update(CONTACTS).where(CONTACTS.c.id == sa.bindparam("contact"))
        db.session.connection().execute(statement.values(updated_at=sa.bindparam("now"), **what), values)
    _keep_sort_names([row.contact_id for row in rows if {"first_name", "last_name", "email"} & row.changes.keys()])


def _keep_sort_names(ids: Sequence[int | None]) -> None:
    columns = (CONTACTS.c.id, CONTACTS.c.first_name, CONTACTS.c.last_name, CONTACTS.c.email)
    connection = db.session.connection()
    for start in range(0, len(ids), 500):
        some = connection.execute(sa.select(*columns).where(CONTACTS.c.id.in_(ids[start : start + 500])))
        names = [{"contact": each[0], "name": sort_name(each[1], each[2], each[3])} for each in some]
        statement = sa.update(CONTACTS).where(CONTACTS.c.id == sa.bindparam("contact"))
        connection.execute(statement.values(sort_name=sa.bindparam("name")), names)


def _emit(new: Sequence[Row], changed: Sequence[Row], actor: Actor) -> None:
    emit_all(
        [
            ContactCreated(
                contact_id=row.contact_id or 0,
                by=actor,
                source=row.values.get("source", "import"),
                country=row.values.get("country", ""),
            )
            for row in new
        ]
    )
    emit_all(
        fact for row in changed for fact in facts_of(row.contact_id or 0, row.stage, row.values, words_of(row), actor)
    )


def words_of(row: Row) -> dict[str, list[str]]:
    """The changes of the row by field, as people read them."""
    return {
        detail.key: [detail.words_for(each) for each in pair]
        for column, pair in row.changes.items()
        if (detail := _detail(column))
    }


def _detail(column: str) -> Detail | None:
    return BY_COLUMN.get(column) or detail_named(column)


def _tag(rows: Sequence[Row], rules: Rules) -> None:
    by_name: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for name in row.tags:
            by_name[name].append(row.contact_id or 0)
    for tag_id in rules.tag_ids:
        if tag := db.session.get(Tag, tag_id):
            tag_contacts(tag, [row.contact_id or 0 for row in rows], rules.actor)
    for name, ids in by_name.items():
        tag_contacts(tag_named(name) or create_tag(name, by=rules.actor), ids, rules.actor)
