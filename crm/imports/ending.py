"""The end of a pass: those whom rows point at are looked for once more, since they may have stood further down in the file."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, ContactUpdated
from crm.contacts.models import Contact
from crm.database import commit, db, table_of
from crm.imports.batches import note_links, words_of_changes
from crm.imports.linking import resolve
from crm.imports.models import ContactImportLink
from crm.imports.seen import Seen
from crm.lib import clock

CHUNK = 500
CONTACTS = table_of(Contact)


def link_all(import_id: int, existing: str, actor: Actor, seen: Sequence[Seen] = ()) -> None:
    """Make the links that were left, some at a time, each with a commit; those who mean nobody stay listed.

    A dry run gives whom it has `seen`, and makes none: who came in the file counts as found.
    """
    after = 0
    while links := _next(import_id, after):
        known = resolve({each.text for each in links})
        done = [each for each in links if each.text in known or _is_in_file(each.text, seen)]
        if not seen:
            _make(import_id, done, known, existing, actor)
        ids = [each.id for each in done]
        db.session.execute(sa.delete(ContactImportLink).where(ContactImportLink.id.in_(ids)))
        after = links[-1].id
        commit()


def _next(import_id: int, after: int) -> Sequence[ContactImportLink]:
    found = sa.select(ContactImportLink).where(ContactImportLink.import_id == import_id, ContactImportLink.id > after)
    return db.session.scalars(found.order_by(ContactImportLink.id).limit(CHUNK)).all()


def _is_in_file(text: str, seen: Sequence[Seen]) -> bool:
    return any(
        some.has(each)
        for some in seen
        for each in (text, f"external_id {text}", f"=external_id {text}", f"=email {text}", f"|{text.lower()}")
    )


def _make(
    import_id: int, links: Sequence[ContactImportLink], known: dict[str, int], existing: str, actor: Actor
) -> None:
    """Point at them, where the contact points at nobody or the file is to replace what there is."""
    ids = [each.contact_id for each in links]
    columns = (CONTACTS.c.id, CONTACTS.c.guardian_id, CONTACTS.c.referrer_id)
    had = {row.id: row._mapping for row in db.session.execute(sa.select(*columns).where(CONTACTS.c.id.in_(ids)))}
    changes: dict[int, dict[str, list[int | None]]] = {}
    for each in links:
        old, new = had.get(each.contact_id, {}).get(each.column), known[each.text]
        if each.contact_id in had and new not in (old, each.contact_id) and (old is None or existing == "overwrite"):
            changes.setdefault(each.contact_id, {})[each.column] = [old, new]
    for contact_id, some in changes.items():
        values = {column: new for column, (_, new) in some.items()}
        db.session.execute(
            sa.update(CONTACTS).where(CONTACTS.c.id == contact_id).values(**values, updated_at=clock.now())
        )
    emit_all(
        ContactUpdated(contact_id=number, changes=words_of_changes(some), by=actor) for number, some in changes.items()
    )
    note_links(import_id, list(changes.items()))
