"""Writing a batch of rows whose outcome is known, in a few statements, and noting what undoing needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all, emit_each
from crm.activity.vocabulary import Actor, ContactCreated
from crm.contacts.fieldset import Detail, detail_named
from crm.contacts.indexing import index_new, reindex
from crm.contacts.models import sort_name
from crm.contacts.operations import SEARCHED, facts_of
from crm.custom_fields.models import PREFIX
from crm.custom_fields.operations import write_values
from crm.custom_fields.queries import custom_fields
from crm.database import db, is_postgresql, table_of
from crm.imports.consenting import keep_consent
from crm.imports.meeting import BY_COLUMN, CONTACTS, Rules
from crm.imports.models import ContactImportBatch, ContactImportLink
from crm.imports.newcomers import Newcomers, newcomers
from crm.imports.opting_out import opt_out
from crm.imports.rows import Row
from crm.lib import clock
from crm.lib.bulk import STAGED, execute_alike, execute_many
from crm.tags.models import Tag
from crm.tags.operations import create_tag, tag_contacts
from crm.tags.queries import tag_named

_INSERT = sa.insert(CONTACTS)
_NOTE = sa.insert(table_of(ContactImportBatch))
_LINK = sa.insert(table_of(ContactImportLink))


def apply(import_id: int, rows: Sequence[Row], rules: Rules) -> None:
    """Write what `sort_out` decided, with search index, tags and activities, and note it for undoing."""
    new = [row for row in rows if row.outcome == "created"]
    changed = [row for row in rows if row.outcome == "updated"]
    people = newcomers(new, rules.fills, rules.given)
    ids = _insert(people, rules)
    for row, new_id in zip(new, ids, strict=True):
        row.contact_id = new_id
    _update(changed)
    if rules.fills_own:
        _write_own(people, ids, changed)
    index_new(ids, people.searched, people.sort_names)
    reindex([row.contact_id for row in changed if row.contact_id and SEARCHED & row.changes.keys()])
    _emit_created(people, ids, rules.actor)
    emit_all(
        fact
        for row in changed
        for fact in facts_of(row.contact_id or 0, row.stage, row.values, words_of(row), rules.actor)
    )
    opt_out(rows, rules)
    keep_consent(
        {row.contact_id: row.values["email"] for row in new if row.contact_id and row.values.get("email")},
        rules,
        {row.contact_id: row.line for row in new if row.contact_id and row.wants},
    )
    tagged = _tag([row for row in rows if row.contact_id and row.outcome != "skipped"], rules)
    _note(import_id, ids, [(row.contact_id or 0, row.changes) for row in changed], tagged)


def add(import_id: int, people: Newcomers, rules: Rules) -> Sequence[int] | None:
    """Write strangers, if `rules.ask_no_more`, but for the search index: their ids. None if somebody has one of their addresses; nothing is written then."""
    try:
        ids = _insert(people, rules)
    except sa.exc.IntegrityError:
        if is_postgresql() or len(people) < STAGED:
            raise
        return None
    if rules.fills_own:
        _write_own(people, ids, ())
    _emit_created(people, ids, rules.actor)
    _give_tags(ids, rules)
    _note(import_id, ids, [], {})
    return ids


def keep_links(import_id: int, rows: Sequence[Row]) -> None:
    """Remember who points at somebody not known yet."""
    links = [
        {"import_id": import_id, "line": row.line, "contact_id": row.contact_id, "column": column, "text": text[:255]}
        for row in rows
        if row.links and row.outcome not in {"refused", "skipped"}
        for column, text in row.links.items()
    ]
    execute_many(db.session.connection(), _LINK, links)


def _note(
    import_id: int, new: Sequence[int], changed: Sequence[tuple[int, Any]], tagged: Mapping[int, Sequence[int]]
) -> None:
    changes = [
        [contact_id, {column: [plain(each) for each in pair] for column, pair in some.items()}]
        for contact_id, some in changed
    ]
    made = set(new)
    worn = [[tag_id, stretches(each for each in ids if each not in made)] for tag_id, ids in tagged.items()]
    row = {
        "import_id": import_id,
        "created": stretches(new),
        "changed": changes,
        "tagged": [each for each in worn if each[1]],
    }
    if row["created"] or row["changed"] or row["tagged"]:
        execute_many(db.session.connection(), _NOTE, [row])


def note_links(import_id: int, changed: Sequence[tuple[int, dict[str, list[Any]]]]) -> None:
    """Note links that were made at the end."""
    _note(import_id, [], changed, {})


def plain(value: Any) -> Any:
    """A stored value as JSON can hold it."""
    return value.isoformat() if isinstance(value, date) else value


def stretches(ids: Iterable[int]) -> list[list[int]]:
    """Ids as stretches, first and last."""
    found: list[list[int]] = []
    for each in sorted(ids):
        if found and found[-1][1] == each - 1:
            found[-1][1] = each
        else:
            found.append([each, each])
    return found


def _insert(people: Newcomers, rules: Rules) -> Sequence[int]:
    ids = _new_ids(len(people))
    now = clock.now()
    columns: dict[str, Sequence[Any]] = {name: each for name, each in people.columns.items() if name in BY_COLUMN}
    columns |= {"id": ids, "sort_name": people.sort_names}
    shared = {**rules.given, "created_at": now, "updated_at": now, "stage_changed_at": now}
    shared = {name: value for name, value in shared.items() if name not in columns}
    execute_alike(db.session.connection(), _INSERT, shared, columns)
    return ids


def _plain(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those kept on the contact itself."""
    if not any(key.startswith(PREFIX) for key in values):
        return values
    return {key: value for key, value in values.items() if not key.startswith(PREFIX)}


def _write_own(people: Newcomers, ids: Sequence[int], changed: Sequence[Row]) -> None:
    """The school's own fields: one deletion and one insertion each."""
    values: dict[str, dict[int, Any]] = defaultdict(dict)
    for key, column in people.columns.items():
        if key.startswith(PREFIX):
            values[key] = {number: value for number, value in zip(ids, column, strict=True) if value is not None}
    for row in changed:
        for key, (_, value) in row.changes.items():
            if key.startswith(PREFIX):
                values[key][row.contact_id or 0] = value
    for field in custom_fields() if any(values.values()) else ():
        if values[field.name]:
            write_values(field, values[field.name])


def _new_ids(count: int) -> Sequence[int]:
    """Ids nobody else has, had or will take: SQLite has one writer and keeps the highest number given, PostgreSQL a sequence."""
    if is_postgresql():
        numbers = sa.text("SELECT nextval(pg_get_serial_sequence('contacts', 'id')) FROM generate_series(1, :count)")
        return db.session.scalars(numbers, {"count": count}).all()
    last = db.session.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'")) or 0
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
    keep_sort_names([row.contact_id for row in rows if {"first_name", "last_name", "email"} & row.changes.keys()])


def keep_sort_names(ids: Sequence[int | None]) -> None:
    columns = (CONTACTS.c.id, CONTACTS.c.first_name, CONTACTS.c.last_name, CONTACTS.c.email)
    connection = db.session.connection()
    for start in range(0, len(ids), 500):
        some = connection.execute(sa.select(*columns).where(CONTACTS.c.id.in_(ids[start : start + 500])))
        names = [{"contact": each[0], "name": sort_name(each[1], each[2], each[3])} for each in some]
        statement = sa.update(CONTACTS).where(CONTACTS.c.id == sa.bindparam("contact"))
        connection.execute(statement.values(sort_name=sa.bindparam("name")), names)


def _emit_created(people: Newcomers, ids: Sequence[int], actor: Actor) -> None:
    """Many came from one source and one country."""
    nothing = [None] * len(people)
    came = list(zip(people.columns.get("source", nothing), people.columns.get("country", nothing), strict=True))
    said = {
        each: ContactCreated(contact_id=0, by=actor, source=each[0] or "import", country=each[1] or "")
        for each in set(came)
    }
    emit_each([said[each] for each in came], ids)


def words_of(row: Row) -> dict[str, list[str]]:
    """The changes of the row by field, as people read them."""
    return words_of_changes(row.changes)


def words_of_changes(changes: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """Changes by column, as people read them by field."""
    return {
        detail.key: [detail.words_for(each) for each in pair]
        for column, pair in changes.items()
        if (detail := detail_of(column))
    }


def detail_of(column: str) -> Detail | None:
    return BY_COLUMN.get(column) or detail_named(column)


def _tag(rows: Sequence[Row], rules: Rules) -> dict[int, list[int]]:
    """Give the tags; for each who did not wear it before."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for name in row.tags:
            by_name[name].append(row.contact_id or 0)
    new = _give_tags([row.contact_id or 0 for row in rows], rules)
    for name, ids in by_name.items():
        tag = tag_named(name) or create_tag(name, by=rules.actor)
        new[tag.id] += tag_contacts(tag, ids, rules.actor)
    return new


def _give_tags(ids: Sequence[int], rules: Rules) -> dict[int, list[int]]:
    """The tags that all of the file get."""
    new: dict[int, list[int]] = defaultdict(list)
    for tag_id in rules.tag_ids:
        if tag := db.session.get(Tag, tag_id):
            new[tag_id] += tag_contacts(tag, ids, rules.actor)
    return new
