"""Making two contacts one, and parting them again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, ContactMerged, ContactRestored
from crm.contacts.fieldset import DETAILS, Detail, custom_details
from crm.contacts.indexing import reindex
from crm.contacts.models import Contact
from crm.contacts.operations import Refused, remove_contact, update_contact
from crm.database import db, table_of
from crm.duplicates import waiting_twice
from crm.duplicates.models import KEPT_FOR, ContactMerge, DuplicatePair
from crm.duplicates.moving import gone_from, hand_back, move_all
from crm.duplicates.queries import pair_of
from crm.lib import clock
from crm.preferences.merging import keep_refusals
from crm.recovery.belongings import gather
from crm.recovery.operations import pack, unpack
from crm.recovery.writing import Writer

MOMENTS = ("last_activity_at", "last_email_sent_at", "last_email_opened_at", "last_email_clicked_at")


def merge_contacts(survivor: Contact, loser: Contact, taken: Collection[Detail], by: Actor) -> ContactMerge:
    """Let `loser` go into `survivor`, who takes over these fields and everything that hung on the other. Raises Refused."""
    name, email, loser_id = loser.name, loser.email, loser.id
    before = {each.key: written(each, survivor) for each in taken}
    after = {each.key: written(each, loser) for each in taken}
    db.session.flush()
    bundle = gather("contacts", loser_id)
    _unlink(survivor, loser)
    keep_refusals(survivor, loser, by)
    called_off = waiting_twice.call_off(loser_id, survivor.id, name)
    moved = move_all(loser_id, survivor.id)
    called_off += waiting_twice.call_off_ended(survivor.id)
    newest = {each: _newest(getattr(survivor, each), getattr(loser, each)) for each in MOMENTS}
    db.session.expire(loser)
    remove_contact(loser)
    db.session.expire(survivor)
    for key, value in newest.items():
        setattr(survivor, key, value)
    update_contact(survivor, after, by)
    merge = ContactMerge(
        survivor_id=survivor.id, loser_id=loser_id, name=name[:255], email=email, packed=pack(gone_from(bundle)),
        moved=moved, called_off=called_off, before=before, after=after, actor=by.name[:120],
    )  # fmt: skip
    db.session.add(merge)
    db.session.flush()
    emit(ContactMerged(contact_id=survivor.id, other=name, by=by))
    return merge


def undo_merge(merge: ContactMerge, by: Actor) -> Contact:
    """Part the two again: who went comes back with what was theirs; what was changed since stays. Raises Refused."""
    survivor = db.session.get_one(Contact, merge.survivor_id)
    present = {each.key: written(each, survivor) for each in every_detail() if each.key in merge.before}
    unchanged = {key: merge.before[key] for key, value in present.items() if value == merge.after[key]}
    update_contact(survivor, unchanged, by)
    writer = Writer(unpack(merge.packed))
    try:
        writer.write()
    except sa.exc.IntegrityError:
        raise Refused({"": "Another contact has taken its place meanwhile."}) from None
    contact_id = int(writer.id_now("contacts", merge.loser_id))
    hand_back(merge.moved, survivor.id, contact_id)
    waiting_twice.give_back(merge.called_off, writer.bundle, writer)
    db.session.delete(merge)
    db.session.flush()
    db.session.expire_all()
    reindex([contact_id])
    emit(ContactRestored(contact_id=contact_id, by=by))
    return db.session.get_one(Contact, contact_id)


def written(detail: Detail, contact: Contact) -> Any:
    """The field's value as it is written in forms."""
    return detail.form_value(contact)


def every_detail() -> tuple[Detail, ...]:
    """Every field a contact has."""
    return (*DETAILS, *custom_details())


def _unlink(survivor: Contact, loser: Contact) -> None:
    """Nobody is their own guardian: a link between the two is dropped."""
    contacts = table_of(Contact)
    for key in contacts.foreign_keys:
        if key.column.table is contacts:
            both = contacts.c.id.in_([survivor.id, loser.id]), key.parent.in_([survivor.id, loser.id])
            db.session.execute(sa.update(contacts).where(*both).values({key.parent.name: None}))


def _newest(a: datetime | None, b: datetime | None) -> datetime | None:
    return max((each for each in (a, b) if each), default=None)


def dismiss(a: Contact, b: Contact) -> None:
    """They are two people: never suggest them again."""
    pair = pair_of(a.id, b.id)
    if pair is None:
        first, second = sorted((a.id, b.id))
        pair = DuplicatePair(first_id=first, second_id=second, score=0)
        db.session.add(pair)
    pair.dismissed_at = clock.now()
    db.session.flush()


def forget_old(now: datetime | None = None) -> None:
    """Merges that are thirty days old can no longer be undone."""
    db.session.execute(sa.delete(ContactMerge).where(ContactMerge.merged_at < (now or clock.now()) - KEPT_FOR))
