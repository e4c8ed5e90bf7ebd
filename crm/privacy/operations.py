"""Forgetting a person (GDPR, article 17)."""

from __future__ import annotations

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.audit import operations as audit
from crm.contacts.models import Contact
from crm.contacts.operations import remove_contact
from crm.database import after_commit, db
from crm.delivery.operations import suppress_secretly
from crm.exports.operations import discard_finished
from crm.preferences.models import EmailUnsubscribe
from crm.privacy import traces
from crm.privacy.models import Erasure
from crm.queue import nudge
from crm.recovery.belongings import gather


def erase_contact(contact: Contact, by: Actor) -> Erasure:
    """Forget the person: contact, timeline, kept copies, exported files. The address stays suppressed by a keyed hash."""
    email, name, contact_id, phone = contact.email, contact.name, contact.id, contact.phone
    counts = {table: len(rows) for table, rows in gather("contacts", contact_id).rows.items() if table != "contacts"}
    traces.forget_reader(contact_id, email)
    traces.forget_mentions(contact_id, name)
    traces.forget_told(contact_id, [name, email or ""])
    _forget_leavings(contact)
    remove_contact(contact)
    erasure = _forget(email, contact_id, counts, by)
    audit.forget(contact_id, [name, email or "", phone or ""])
    return erasure


def erase_address(email: str, by: Actor) -> Erasure | None:
    """Forget whoever has or had this address; None when nothing is known of it."""
    email = email.strip().lower()
    contact = db.session.scalar(sa.select(Contact).where(Contact.email == email))
    if contact is not None:
        return erase_contact(contact, by)
    if not traces.is_known(email):
        return None
    traces.forget_reader(None, email)
    traces.forget_told(0, [email])
    erasure = _forget(email, None, {}, by)
    audit.forget(None, [email])
    return erasure


def _forget_leavings(contact: Contact) -> None:
    """What they wrote when they left goes, and so does an address they had before; there an opt-out stays as a keyed hash.

    Where somebody else has that address now, the opt-out holds for them and stays, without the words.
    """
    mine = sa.and_(EmailUnsubscribe.contact_id == contact.id, EmailUnsubscribe.email != (contact.email or ""))
    others = sa.select(Contact.email).where(Contact.id != contact.id, Contact.email == EmailUnsubscribe.email)
    in_force = sa.select(EmailUnsubscribe.email).where(
        mine, EmailUnsubscribe.resubscribed_at.is_(None), ~others.exists()
    )
    for address in db.session.scalars(in_force.distinct()).all():
        suppress_secretly(address, "Erased on request")
    db.session.execute(sa.delete(EmailUnsubscribe).where(mine, ~others.exists()), execution_options=traces.QUIET)
    silent = sa.update(EmailUnsubscribe).where(EmailUnsubscribe.contact_id == contact.id)
    db.session.execute(silent.values(reason=None, feedback=None), execution_options=traces.QUIET)


def _forget(email: str | None, contact_id: int | None, counts: dict[str, int], by: Actor) -> Erasure:
    traces.forget_kept(contact_id, email)
    if email:
        suppress_secretly(email, "Erased on request")
        db.session.execute(sa.delete(EmailUnsubscribe).where(EmailUnsubscribe.email == email))
        traces.forget_imported(email)
        traces.forget_reported(email)
    discard_finished()
    erasure = Erasure(counts=counts, erased_by=by.user_id, actor=by.name[:120])
    db.session.add(erasure)
    db.session.flush()
    after_commit(nudge, "wipe_erased")
    return erasure
