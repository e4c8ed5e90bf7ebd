"""Everything known about a person, as one file programs can read (GDPR, articles 15 and 20)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from crm.contacts.fieldset import details_for
from crm.contacts.models import Contact
from crm.database import db, table_of
from crm.delivery.models import Suppression
from crm.email.models import EmailContent, EmailMessage
from crm.lib import clock
from crm.preferences.models import EmailUnsubscribe
from crm.recovery.belongings import Row, gather, plain
from crm.tags.models import Tag
from crm.users.models import User


def pack_of(contact: Contact, viewer: User) -> str:
    """The file's text: the fields in words, then every row of every table that is about the contact."""
    bundle = gather("contacts", contact.id)
    records = {**bundle.rows, **{name: rows for name, rows in _elsewhere(contact) if rows}}
    told = {
        "exported_at": clock.now().isoformat(),
        "contact": {each.label: each.words_for(each.value_of(contact)) for each in details_for(viewer)},
        "records": {name: [_plain_row(row) for row in rows] for name, rows in sorted(records.items())},
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _elsewhere(contact: Contact) -> Iterator[tuple[str, list[Row]]]:
    """What is kept by address, and the words the contact's tags and emails stand for."""
    messages = sa.select(EmailMessage.content_id).where(EmailMessage.contact_id == contact.id)
    yield "email_contents", _rows(sa.select(table_of(EmailContent)).where(EmailContent.id.in_(messages)))
    worn = db.metadata.tables["contact_taggings"]
    tags = sa.select(worn.c.tag_id).where(worn.c.contact_id == contact.id)
    yield "contact_tags", _rows(sa.select(Tag.id, Tag.name).where(Tag.id.in_(tags)))
    left = sa.or_(EmailUnsubscribe.contact_id == contact.id, EmailUnsubscribe.email == (contact.email or "").lower())
    yield "email_unsubscribes", _rows(sa.select(table_of(EmailUnsubscribe)).where(left))
    mine = Suppression.address.in_([each for each in (contact.email, contact.phone) if each])
    yield "suppressions", _rows(sa.select(table_of(Suppression)).where(mine))


def _rows(statement: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in db.session.execute(statement).mappings()]


def _plain_row(row: Row) -> Row:
    return {key: plain(value) for key, value in row.items() if value is not None}
