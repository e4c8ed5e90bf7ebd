"""Many people leaving at once, as mail programs ask for it with one click, and files: the same as for one, in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.operations import row_of
from crm.activity.vocabulary import EmailUnsubscribed, PreferencesChanged
from crm.database import table_of
from crm.lib.bulk import among, execute_many
from crm.preferences import proof
from crm.preferences.choices import DEFAULTS
from crm.preferences.models import SWITCHES, CommunicationPreferences, ConsentRecord, EmailUnsubscribe
from crm.preferences.proof import Source

_left = table_of(EmailUnsubscribe)
_IN_FORCE = sa.select(_left.c.email).where(
    _left.c.email.in_(sa.bindparam("emails", expanding=True)), _left.c.resubscribed_at.is_(None)
)
_LEAVE = sa.insert(_left)
_wants = table_of(CommunicationPreferences)
_WANT = sa.insert(_wants)
_PROVE, _TELL = sa.insert(table_of(ConsentRecord)), sa.insert(table_of(ContactActivity))


@dataclass(frozen=True)
class Leaver:
    """Somebody who wants no more news at this address (lower case), and the message they answered."""

    contact_id: int
    email: str
    message_id: int | None
    at: datetime
    source: Source


def leave_all(connection: sa.Connection, leavers: Sequence[Leaver]) -> int:
    """Send no more marketing email to these addresses; how many that was new for. Leaving twice changes nothing."""
    gone = set(connection.scalars(_IN_FORCE, {"emails": list({each.email for each in leavers})}))
    new = list({each.email: each for each in reversed(leavers) if each.email not in gone}.values())
    proofs = [
        row
        for each in new
        for row in proof.rows_of([(each.contact_id, each.email)], {"subscription": False}, each.source, each.at)
    ]
    execute_many(connection, _LEAVE, [_row(each) for each in new])
    execute_many(connection, _PROVE, proofs)
    execute_many(connection, _TELL, [row_of(EmailUnsubscribed(contact_id=each.contact_id, by=each.source.by), each.at) for each in new])  # fmt: skip
    return len(new)


@dataclass(frozen=True)
class Refuser:
    """Somebody without an email address who wants no news; `address` is another way to reach them, or none."""

    contact_id: int
    address: str
    source: Source


def refuse_all(connection: sa.Connection, refusers: Sequence[Refuser], at: datetime) -> int:
    """Switch news and offers off for these contacts, each of whom is there once; how many that was new for."""
    asked = sa.select(_wants.c.contact_id, _wants.c.marketing_emails).where(
        among(_wants.c.contact_id, [each.contact_id for each in refusers])
    )
    stands = dict(connection.execute(asked).all())
    new = [each for each in refusers if stands.get(each.contact_id, True)]
    known = [each.contact_id for each in new if each.contact_id in stands]
    off = {"marketing_emails": False, "updated_at": at}
    connection.execute(sa.update(_wants).where(among(_wants.c.contact_id, known)).values(off))
    execute_many(connection, _WANT, [_wish(each, off) for each in new if each.contact_id not in stands])
    proofs = [
        row
        for each in new
        for row in proof.rows_of([(each.contact_id, each.address)], {"marketing_emails": False}, each.source, at)
    ]
    execute_many(connection, _PROVE, proofs)
    words = {SWITCHES["marketing_emails"]: "off"}
    execute_many(connection, _TELL, [row_of(PreferencesChanged(contact_id=each.contact_id, changes=words, by=each.source.by), at) for each in new])  # fmt: skip
    return len(new)


def _wish(refuser: Refuser, chosen: dict[str, object]) -> dict[str, object]:
    """A whole row of what a contact wants, of whom nothing was known."""
    nothing = dict.fromkeys(each.name for each in _wants.c if not each.primary_key)
    return {**nothing, **DEFAULTS, **chosen, "contact_id": refuser.contact_id}


def _row(leaver: Leaver) -> dict[str, object]:
    return {
        "contact_id": leaver.contact_id,
        "email": leaver.email,
        "email_message_id": leaver.message_id,
        "unsubscribed_at": leaver.at,
    }
