"""Opt-outs that stand in a file: always honoured, for the address and whoever has it. What a file says in favour never overturns one.

Also in rows that are skipped, or refused for something else, but not for contacts an agent does not see. Undoing the import leaves
them: whether the reader left again by themselves meanwhile cannot be told.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.database import after_commit, db, insert_new, table_of
from crm.imports.meeting import CONTACTS, Rules
from crm.imports.rows import Row
from crm.lib import clock
from crm.lib.bulk import among
from crm.preferences.leavers import Leaver, Refuser, leave_all, refuse_all
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.proof import Source
from crm.preferences.queries import unsubscribed_among
from crm.queue import nudge


def opt_out(rows: Sequence[Row], rules: Rules) -> None:
    """Write down, with file and line as proof, that these people want no marketing email."""
    saying = [row for row in rows if row.wants is False]
    if not saying:
        return
    db.session.flush()
    by_id, by_email = _contacts(saying)
    leavers, strangers, without = [], set(), {}
    now, connection = clock.now(), db.session.connection()
    for row in saying:
        source = Source("import", rules.actor, f"{rules.file_name}, line {row.line}")
        email = row.values.get("email")
        about = {each.id: each for each in (by_id.get(row.contact_id), by_email.get(email)) if each is not None}
        for contact in about.values():
            if rules.only_of is not None and contact.owner_id != rules.only_of:
                continue
            if contact.email:
                leavers.append(Leaver(contact.id, contact.email.lower(), None, now, source))
            else:
                without.setdefault(contact.id, Refuser(contact.id, contact.phone or "", source))
        if email and email not in by_email:
            strangers.add(email.lower())
    if leave_all(connection, leavers) + refuse_all(connection, list(without.values()), now):
        after_commit(nudge, "dispatch")
    _keep_addresses(strangers)


def _keep_addresses(emails: set[str]) -> None:
    """Addresses nobody has, or has any more: they stay out whoever brings them in later."""
    left, now = unsubscribed_among(emails), clock.now()
    insert_new(table_of(EmailUnsubscribe), [{"email": each, "unsubscribed_at": now} for each in sorted(emails - left)])


def _contacts(rows: Sequence[Row]) -> tuple[dict[int | None, sa.Row], dict[str | None, sa.Row]]:
    """The contacts whom rows were found to be about, by id, and those who have an address that stands there, by address."""
    ids = [row.contact_id for row in rows if row.contact_id]
    emails = [row.values["email"] for row in rows if row.values.get("email")]
    found = sa.select(CONTACTS.c.id, CONTACTS.c.email, CONTACTS.c.phone, CONTACTS.c.owner_id)
    connection = db.session.connection()
    by_id = {each.id: each for each in connection.execute(found.where(among(CONTACTS.c.id, ids)))}
    return by_id, {each.email: each for each in connection.execute(found.where(among(CONTACTS.c.email, emails)))}
