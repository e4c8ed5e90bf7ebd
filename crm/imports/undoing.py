"""Taking an import back: new contacts go where nobody has touched them since, changed ones get back what they had, tags it gave are taken off.

Each batch is one transaction with its note deleted, so a killed worker loses and repeats nothing. Opt-outs stay (`opting_out`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor
from crm.contacts import spelling
from crm.contacts.indexing import reindex
from crm.contacts.models import Contact
from crm.contacts.operations import SEARCHED, facts_of
from crm.custom_fields.models import PREFIX
from crm.custom_fields.operations import write_values
from crm.custom_fields.queries import field_named, values_of
from crm.database import db, table_of
from crm.email.models import EmailMessage
from crm.imports.batches import keep_sort_names, plain, words_of_changes
from crm.imports.models import ContactImport, ContactImportBatch, ContactImportKept
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.settings.queries import school_timezone
from crm.tags.models import Tag
from crm.tags.operations import untag_contacts

CONTACTS, ACTIVITIES = table_of(Contact), table_of(ContactActivity)
QUIET = (
    "contact_created",
    "contact_updated",
    "stage_changed",
    "tag_added",
    "tag_removed",
    "audience_joined",
    "audience_left",
    "sequence_started",
    "sequence_completed",
)
"""What rules, dynamic audiences and workflows do by themselves to a contact who is new, as long as nobody is written to."""
MAILED = "An email to them is on its way"
CHUNK = 500
Done = Callable[[], dict[str, int]]


def undo_batches(found: ContactImport, by: Actor) -> Iterator[Done]:
    """For each batch, the last first, what undoes it and returns what came of it; to be committed one by one."""
    last = sa.select(ContactImportBatch.id).where(ContactImportBatch.import_id == found.id)
    while batch_id := db.session.scalar(last.order_by(ContactImportBatch.id.desc()).limit(1)):
        yield partial(_undo, found, batch_id, by)


def _undo(found: ContactImport, batch_id: int, by: Actor) -> dict[str, int]:
    batch = db.session.get_one(ContactImportBatch, batch_id)
    removed, kept = _remove(found, _ids(batch.created), by)
    restored = _restore(batch.changed, by)
    for tag_id, stretches in batch.tagged:
        if tag := db.session.get(Tag, tag_id):
            untag_contacts(tag, _ids(stretches), by)
    db.session.delete(batch)
    db.session.flush()
    return {"removed": removed, "kept": kept, "restored": restored}


def _ids(stretches: Sequence[Sequence[int]]) -> list[int]:
    return [each for first, last in stretches for each in range(first, last + 1)]


def _remove(found: ContactImport, ids: Sequence[int], by: Actor) -> tuple[int, int]:
    """Take out those nobody has touched since; how many went, and how many stay, each noted with the reason."""
    removed = kept = 0
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        names = {
            row.id: row.sort_name
            for row in db.session.execute(sa.select(CONTACTS.c.id, CONTACTS.c.sort_name).where(CONTACTS.c.id.in_(some)))
        }
        touched = {each: reason for each, reason in _touched(found, some, by).items() if each in names}
        rows = [{"import_id": found.id, "contact_id": each, "reason": reason} for each, reason in touched.items()]
        execute_many(db.session.connection(), sa.insert(table_of(ContactImportKept)), rows)
        gone = [each for each in names if each not in touched]
        db.session.execute(sa.delete(CONTACTS).where(CONTACTS.c.id.in_(gone)))
        spelling.forget([names[each] for each in gone])
        removed, kept = removed + len(gone), kept + len(touched)
    return removed, kept


def _touched(found: ContactImport, ids: Sequence[int], by: Actor) -> dict[int, str]:
    """Those to whom something happened that neither this import nor a rule did, with the first such thing in words."""
    a = ACTIVITIES.c
    own = sa.and_(a.actor.like("Import of %"), a.created_at <= (found.finished_at or clock.now()))
    by_itself = sa.and_(a.performed_by.is_(None), a.activity_type.in_(QUIET))
    happened = (
        sa.select(a.contact_id, a.title, a.actor, a.created_at)
        .where(a.contact_id.in_(ids), ~own, ~by_itself, a.actor != by.name[:120])
        .order_by(a.id.desc())
    )
    said = {row.contact_id: _said(row) for row in db.session.execute(happened)}
    on_its_way = EmailMessage.status.in_(("pending", "claimed", "sending", "unknown"))
    written = sa.select(EmailMessage.contact_id).where(EmailMessage.contact_id.in_(ids), on_its_way)
    return dict.fromkeys(filter(None, db.session.scalars(written)), MAILED) | said


def _said(row: Any) -> str:
    day = clock.local(row.created_at, school_timezone())
    return f"{row.title}{f' by {row.actor}' if row.actor else ''}, {day:%-d %B %Y}"[:255]


def _restore(changed: Sequence[Any], by: Actor) -> int:
    """Give back what these contacts had, field by field, where it is still what the import wrote; how many got something back."""
    wanted = dict(changed)
    back: dict[int, dict[str, list[Any]]] = {}
    now = _stored(wanted)
    for contact_id, changes in wanted.items():
        still = {
            column: [new, old]
            for column, (old, new) in changes.items()
            if _same(now.get(contact_id, {}).get(column), new)
        }
        if still and contact_id in now:
            back[contact_id] = still
    _leave_taken(back)
    back = {contact_id: changes for contact_id, changes in back.items() if changes}
    _write(back)
    stages = {contact_id: str(now[contact_id]["lifecycle_stage"]) for contact_id in back}
    emit_all(
        fact
        for contact_id, some in back.items()
        for fact in facts_of(
            contact_id, stages[contact_id], {key: old for key, (_, old) in some.items()}, words_of_changes(some), by
        )
    )
    return len(back)


def _same(stored: Any, written: Any) -> bool:
    return plain(stored) == written


def _stored(wanted: dict[int, Any]) -> dict[int, dict[str, Any]]:
    """What these contacts have now, by column."""
    ids, found = list(wanted), {}
    custom = {name for changes in wanted.values() for name in changes if name.startswith(PREFIX)}
    fields = [each for name in custom if (each := field_named(name))]
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        own = values_of(some, fields) if fields else {}
        for row in db.session.execute(sa.select(CONTACTS).where(CONTACTS.c.id.in_(some))):
            found[row.id] = {**row._mapping, **{each.name: own.get(row.id, {}).get(each.key) for each in fields}}
    return found


def _leave_taken(back: dict[int, dict[str, list[Any]]]) -> None:
    """Leave alone addresses and external IDs that somebody else has by now."""
    for column in ("email", "external_id"):
        wanted = {
            changes[column][1]: contact_id for contact_id, changes in back.items() if changes.get(column, [0, 0])[1]
        }
        values = list(wanted)
        for start in range(0, len(values), CHUNK):
            some = CONTACTS.c[column].in_(values[start : start + CHUNK])
            for value in db.session.scalars(sa.select(CONTACTS.c[column]).where(some)):
                back[wanted[value]].pop(column)


def _write(back: dict[int, dict[str, list[Any]]]) -> None:
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    custom: dict[str, dict[int, Any]] = defaultdict(dict)
    for contact_id, changes in back.items():
        values = {column: _typed(column, old) for column, (_, old) in changes.items()}
        for name in [each for each in values if each.startswith(PREFIX)]:
            custom[name][contact_id] = values.pop(name)
        if "lifecycle_stage" in values:
            values["stage_changed_at"] = clock.now()
        alike[tuple(sorted(values))].append({"contact": contact_id, "now": clock.now(), **values})
    for columns, rows in alike.items():
        what = {each: sa.bindparam(each) for each in columns}
        statement = sa.update(CONTACTS).where(CONTACTS.c.id == sa.bindparam("contact"))
        db.session.connection().execute(statement.values(updated_at=sa.bindparam("now"), **what), rows)
    for name, some in custom.items():
        if field := field_named(name):
            write_values(field, some)
    renamed = [each for each, changes in back.items() if SEARCHED & changes.keys()]
    keep_sort_names(renamed)
    reindex(renamed)


def _typed(column: str, old: Any) -> Any:
    """The value as its column wants it."""
    is_day = isinstance(old, str) and (
        column == "birthday" or (f := field_named(column)) is not None and f.kind_key == "date"
    )
    if old is None and column in {"first_name", "last_name"}:
        return ""
    return date.fromisoformat(old) if is_day else old
