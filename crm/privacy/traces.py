"""Where a person leaves traces beyond the rows that hang on the contact, and how each is removed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.api.models import IdempotencyKey
from crm.bounces.models import MailReport
from crm.contacts.models import Contact
from crm.database import db, table_of
from crm.delivery.models import Suppression, SuppressionRelease
from crm.duplicates.models import ContactMerge
from crm.email.models import EmailLink, EmailLinkClick, EmailMessage, EmailOpen
from crm.imports.models import WORKING, ContactImport, ContactImportRow
from crm.imports.operations import path_of
from crm.notifications.models import Notification
from crm.preferences.models import EmailUnsubscribe
from crm.recovery.belongings import references_to
from crm.recovery.models import DeletedRecord

NOBODY = "(erased)"
QUIET = {"synchronize_session": False}


def is_known(email: str) -> bool:
    """Whether the address stands anywhere though no contact has it."""
    places = (
        DeletedRecord.email,
        ContactMerge.email,
        EmailUnsubscribe.email,
        Suppression.address,
        EmailMessage.to_address,
    )
    return any(db.session.scalar(sa.select(sa.literal(1)).where(each == email).limit(1)) for each in places) or bool(
        db.session.scalar(sa.select(sa.literal(1)).where(_in_cells(email)).limit(1))
    )


def forget_reader(contact_id: int | None, email: str | None) -> None:
    """Keep the emails that were sent as numbers alone: without reader, values, answers and devices."""
    messages, clicks, opens = table_of(EmailMessage), table_of(EmailLinkClick), table_of(EmailOpen)
    mine = sa.or_(
        messages.c.contact_id == contact_id if contact_id else sa.false(),
        messages.c.to_address == email if email else sa.false(),
    )
    ids = sa.select(messages.c.id).where(mine)
    theirs = sa.or_(clicks.c.email_message_id.in_(ids), clicks.c.contact_id == contact_id if contact_id else sa.false())
    common = sa.exists(sa.select(EmailLink.id).where(EmailLink.url == clicks.c.url))
    quiet = {"contact_id": None, "user_agent": None, "ip_address": None, "device": None, "client": None, "system": None}
    db.session.execute(sa.update(clicks).where(theirs, sa.not_(common)).values(url=""), execution_options=QUIET)
    db.session.execute(sa.update(clicks).where(theirs).values(**quiet), execution_options=QUIET)
    seen = sa.update(opens).where(opens.c.email_message_id.in_(ids)).values(**quiet)
    db.session.execute(seen, execution_options=QUIET)
    unsent = sa.case((messages.c.status.in_(("pending", "claimed")), "cancelled"), else_=messages.c.status)
    db.session.execute(
        sa.update(messages)
        .where(mine)
        .values(
            contact_id=None, to_address=NOBODY, subject=None, merge_values=sa.null(), message_id=None, reply=None,
            reason=None, status=unsent,
        ),
        execution_options=QUIET,
    )  # fmt: skip


def forget_reported(email: str) -> None:
    """Keep what carriers reported about messages to the address as numbers alone."""
    reports = table_of(MailReport)
    quiet = {"address": "", "reason": ""}
    db.session.execute(sa.update(reports).where(reports.c.address == email).values(**quiet), execution_options=QUIET)
    db.session.execute(
        sa.delete(SuppressionRelease).where(SuppressionRelease.address == email), execution_options=QUIET
    )


def forget_kept(contact_id: int | None, email: str | None) -> None:
    """Remove what was kept when the contact, or one with the address, was deleted."""
    mine = sa.or_(
        sa.and_(DeletedRecord.table_name == "contacts", DeletedRecord.record_id == contact_id)
        if contact_id
        else sa.false(),
        DeletedRecord.email == email if email else sa.false(),
    )
    db.session.execute(sa.delete(DeletedRecord).where(mine), execution_options=QUIET)
    if email:
        db.session.execute(sa.delete(ContactMerge).where(ContactMerge.email == email), execution_options=QUIET)


def forget_imported(email: str) -> None:
    """Remove the rows and files of finished imports that name the address."""
    imports = sa.select(ContactImportRow.import_id).where(_in_cells(email))
    found = sa.select(ContactImport).where(
        sa.or_(ContactImport.id.in_(imports), ContactImport.status == "done"), ContactImport.status.not_in(WORKING)
    )
    for each in db.session.scalars(found):
        path_of(each).unlink(missing_ok=True)
    db.session.execute(sa.delete(ContactImportRow).where(_in_cells(email)), execution_options=QUIET)


def forget_mentions(contact_id: int, name: str) -> None:
    """Take the name out of the timelines of contacts who are linked to this one."""
    linked = [key.parent for table, key in references_to(["contacts"]) if table.name == "contacts"]
    if not linked or not name:
        return
    ids = sa.select(Contact.id).where(sa.or_(*(column == contact_id for column in linked)))
    changed = ContactActivity.activity_type == "contact_updated"
    for each in db.session.scalars(sa.select(ContactActivity).where(ContactActivity.contact_id.in_(ids), changed)):
        each.metadata_ = json.loads(_without(json.dumps(each.metadata_, ensure_ascii=False), name))
        each.description = _without(each.description, name)


def forget_told(contact_id: int, words: Sequence[str]) -> None:
    """Remove what staff and programs were told of the person: notices, the emails that carried them, kept answers."""
    spelt = {spelling for each in words if len(each) > 4 for spelling in (each, json.dumps(each)[1:-1])}
    messages, page = table_of(EmailMessage), f"/contacts/{contact_id}"
    about = sa.or_(Notification.action_url == page, Notification.action_url.startswith(f"{page}#"))
    told = (Notification.title, Notification.message)
    for condition in (about, *(_says(column, spelt) for column in told)):
        db.session.execute(sa.delete(Notification).where(condition), execution_options=QUIET)
    db.session.execute(sa.delete(IdempotencyKey).where(_says(IdempotencyKey.body, spelt)), execution_options=QUIET)
    carried = messages.c.contact_id.is_(None), _says(sa.cast(messages.c.merge_values, sa.Text), spelt)
    db.session.execute(
        sa.update(messages).where(*carried).values(merge_values=sa.null(), subject=None), execution_options=QUIET
    )


def _says(column: Any, words: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(column.contains(each, autoescape=True) for each in words))


def _without(text: Any, name: str) -> Any:
    return text.replace(json.dumps(name, ensure_ascii=False)[1:-1], NOBODY).replace(name, NOBODY) if text else text


def _in_cells(email: str) -> sa.ColumnElement[bool]:
    return sa.func.lower(sa.cast(ContactImportRow.cells, sa.Text)).contains(email, autoescape=True)
