"""Unsubscribing with one click of a mail program (RFC 8058): read from the request, and written for many at once."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from crm.contacts.models import Contact
from crm.database import table_of
from crm.email.holders import READER, merged
from crm.email.models import EmailMessage
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.lib.mail_names import own_spelling
from crm.preferences.leavers import Leaver, Refuser, leave_all
from crm.preferences.moved import leave_elsewhere
from crm.preferences.proof import Source

LONGEST = 4096
"""Bytes of a request that can be one; a mail program sends thirty."""
_contacts, _messages = table_of(Contact), table_of(EmailMessage)
_guardians = _contacts.alias("guardians")
_CONTACTS = (
    sa.select(
        _contacts.c.id, _contacts.c.email, _guardians.c.id.label("guardian_id"), _guardians.c.email.label("guardian")
    )
    .join_from(_contacts, _guardians, _guardians.c.id == _contacts.c.guardian_id, isouter=True)
    .where(_contacts.c.id.in_(sa.bindparam("ids", expanding=True)))
)
_MESSAGES = sa.select(_messages.c.id, _messages.c.to_address).where(
    _messages.c.id.in_(sa.bindparam("ids", expanding=True))
)
_MERGED = sa.select(_messages.c.id, _messages.c.contact_id).where(
    _messages.c.id.in_(sa.bindparam("ids", expanding=True)), merged(_messages.c.contact_id)
)
_MARK = (
    sa.update(_messages)
    .where(_messages.c.id == sa.bindparam("number"), _messages.c.unsubscribed_at.is_(None))
    .values(unsubscribed_at=sa.bindparam("moment", type_=_messages.c.unsubscribed_at.type))
)


@dataclass(frozen=True)
class Leave:
    """A valid token that was posted with one click."""

    contact_id: int
    message_id: int
    at: datetime
    ip_address: str = ""


def is_one_click(environ: dict[str, Any]) -> bool:
    """Whether this POST is one. Its body can be read again afterwards."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return False
    if not 0 < length <= LONGEST:
        return False
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        form = Request({**environ, "wsgi.input": io.BytesIO(body)}).form
    except HTTPException:
        return False
    return form.get("List-Unsubscribe") == "One-Click"


def leave_with_one_click(connection: sa.Connection, leaves: Sequence[Leave], school: str) -> bool:
    """Let these people leave; whether that was new for anybody. Who is no longer here has left already."""
    people = _people(connection, {each.contact_id for each in leaves})
    leaves = _of_the_merged(connection, leaves, people)
    sent_to = dict(connection.execute(_MESSAGES, {"ids": list({each.message_id for each in leaves})}).all())
    leavers, left = [], []
    for each in leaves:
        person = people.get(each.contact_id)
        email = sent_to.get(each.message_id) or (person.email if person else None)
        if person is not None and email:
            email = own_spelling(email, person.email, person.guardian)
            reader = person.guardian_id if person.guardian == email else person.id
            shown = {"": f"Unsubscribe: no more news from {school} to {email}"}
            source = Source("mail_program", READER, "", each.ip_address, shown)
            number = each.message_id if each.message_id in sent_to else None
            leavers.append(Leaver(reader, email, number, each.at, source))
            left.append(Refuser(person.id, email, source))
    marks = [{"number": each.message_id, "moment": each.at} for each in leavers if each.message_id]
    execute_many(connection, _MARK, marks)
    return leave_all(connection, leavers) + leave_elsewhere(connection, left, clock.now()) > 0


def _people(connection: sa.Connection, ids: set[int]) -> dict[int, sa.Row[Any]]:
    return {row.id: row for row in connection.execute(_CONTACTS, {"ids": list(ids)})}


def _of_the_merged(
    connection: sa.Connection, leaves: Sequence[Leave], people: dict[int, sa.Row[Any]]
) -> Sequence[Leave]:
    """The same, where a contact went into another for that other; they are added to `people`."""
    gone = [each.message_id for each in leaves if each.contact_id not in people]
    heirs = dict(connection.execute(_MERGED, {"ids": gone}).all()) if gone else {}
    if not heirs:
        return leaves
    people |= _people(connection, set(heirs.values()))
    return [
        replace(each, contact_id=heirs[each.message_id])
        if each.contact_id not in people and each.message_id in heirs
        else each
        for each in leaves
    ]
