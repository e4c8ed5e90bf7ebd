"""Many people who leave at once, because carriers report their complaints or that they left there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, EmailUnsubscribed
from crm.database import db, table_of
from crm.lib import clock
from crm.lib.mail_names import own_spelling
from crm.preferences.leavers import Refuser
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.moved import leave_elsewhere, readers_of
from crm.preferences.proof import Source, keep_many
from crm.preferences.queries import unsubscribed_among


@dataclass(frozen=True)
class Leaving:
    """A contact whose address wants no more marketing email, and the message that was the last straw."""

    contact_id: int
    email: str
    message_id: int | None = None


def unsubscribe_all(leaving: Sequence[Leaving], reason: str, by: Actor, how: str = "complaint") -> int:
    """Send no more marketing email to these addresses, in a few statements; how many were new."""
    if not leaving:
        return 0
    connection = db.session.connection()
    readers = readers_of(connection, {each.contact_id for each in leaving})
    leaving = [
        replace(each, email=own_spelling(each.email, *readers[each.contact_id][1]))
        if each.contact_id in readers
        else each
        for each in leaving
    ]
    gone = unsubscribed_among({each.email for each in leaving})
    new = {each.email: each for each in leaving if each.email not in gone}
    rows = [
        {
            "contact_id": each.contact_id, "email": email, "reason": reason[:100], "email_message_id": each.message_id,
            "unsubscribed_at": clock.now(),
        }
        for email, each in new.items()
    ]  # fmt: skip
    if rows:
        db.session.execute(sa.insert(table_of(EmailUnsubscribe)), rows)
        keep_many(
            [(each.contact_id, email) for email, each in new.items()],
            {"subscription": False},
            Source(how, by, reason),
        )
        emit_all(EmailUnsubscribed(contact_id=each.contact_id, reason=reason, by=by) for each in new.values())
    moved = [Refuser(each.contact_id, each.email, Source(how, by, reason)) for each in leaving]
    leave_elsewhere(connection, moved, clock.now())
    return len(rows)
