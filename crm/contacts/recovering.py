"""Bringing deleted contacts back."""

from __future__ import annotations

import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, ContactRestored
from crm.contacts.indexing import reindex
from crm.contacts.models import Contact
from crm.contacts.operations import Refused
from crm.database import db
from crm.lib import clock
from crm.recovery.models import DeletedRecord, kept_for
from crm.recovery.operations import bring_back
from crm.users.models import User

TAKEN = "Somebody else has the email address {} now. Change it there first."


def deleted_contacts(viewer: User) -> sa.Select[tuple[DeletedRecord]]:
    """The contacts that can still be brought back. Whoever does not see all contacts sees those they deleted themselves."""
    found = sa.select(DeletedRecord).where(
        DeletedRecord.table_name == "contacts", DeletedRecord.deleted_at > clock.now() - kept_for()
    )
    return found.where(DeletedRecord.deleted_by == viewer.id) if viewer.sees_assigned_only else found


def restore_contact(kept: DeletedRecord, by: Actor) -> Contact:
    """Bring the contact back as it was. Raises Refused when its address was taken meanwhile."""
    twin_id = db.session.scalar(sa.select(Contact.id).where(Contact.email == kept.email)) if kept.email else None
    if twin_id:
        raise Refused({"email": TAKEN.format(kept.email)}, twin_id)
    try:
        contact_id = bring_back(kept)
    except sa.exc.IntegrityError:
        raise Refused({"": "Another contact has taken its place meanwhile."}) from None
    reindex([contact_id])
    emit(ContactRestored(contact_id=contact_id, by=by))
    return db.session.get_one(Contact, contact_id)
