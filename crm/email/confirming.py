"""Double opt-in: an address gets no marketing until its reader has confirmed it, by a button behind a link in an email."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db, insert_new, table_of
from crm.email.models import EmailMessage
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.lib import clock
from crm.preferences.choices import DEFAULTS, await_confirmation, preferences_of
from crm.preferences.kinds import SYSTEM
from crm.preferences.models import CommunicationPreferences
from crm.preferences.queries import in_force

PURPOSE = "confirmation"
SUBJECT = "Please confirm your address"
PREHEADER = "One click, and you get news from {{ school.name }}."
BODY = """Hello {{ contact.first_name | default: "there" }},

this address was given to {{ school.name }} to receive news and offers. Please confirm that this is what you want:

**[Confirm my address]({{ confirm_url }})**

If you did not ask for this, do nothing: no news will be sent.
"""


class NotAsked(Exception):
    """Nobody can be asked to confirm; the text says why."""


def ask_to_confirm(contact: Contact, by: str) -> int | None:
    """Ask whoever reads the contact's messages to confirm the address; the id of the email.

    None when one is on its way already. Raises NotAsked when there is nothing to confirm.
    """
    reader = _reader_of(contact)
    if not reader.email:
        raise NotAsked("There is no email address to confirm.")
    if preferences_of(reader).confirmation == "confirmed":
        raise NotAsked("The address is confirmed already.")
    if in_force(reader.email):
        raise NotAsked("The address is unsubscribed. Only its reader can subscribe it again.")
    await_confirmation(reader)
    asked = sa.select(EmailMessage.visit_no, EmailMessage.status).where(
        EmailMessage.purpose == PURPOSE, EmailMessage.contact_id == contact.id
    )
    before = db.session.execute(asked.order_by(EmailMessage.visit_no.desc()).limit(1)).first()
    if before is not None and before.status in ("pending", "claimed", "sending"):
        return None
    visit_no = before.visit_no + 1 if before else 0
    return next(iter(queue_emails(_emails([contact.id], by, visit_no))), None)


def ask_many(contact_ids: Sequence[int], by: str) -> None:
    """Ask these new contacts, who have chosen nothing yet, to confirm their addresses: a few statements for all."""
    now = clock.now()
    awaited = {**DEFAULTS, "confirmation": "pending", "confirmation_asked_at": now, "updated_at": now}
    insert_new(table_of(CommunicationPreferences), [{**awaited, "contact_id": each} for each in contact_ids])
    queue_emails(_emails(contact_ids, by, 0))


def _emails(contact_ids: Sequence[int], by: str, visit_no: int) -> list[NewEmail]:
    content = ensure_content(SUBJECT, BODY, PREHEADER, "notice")
    common = {"content_id": content.id, "purpose": PURPOSE, "visit_no": visit_no, "is_marketing": False, "kind": SYSTEM}
    return [NewEmail(contact_id=each, actor=by, **common) for each in contact_ids]


def _reader_of(contact: Contact) -> Contact:
    guardian = db.session.get(Contact, contact.guardian_id) if contact.guardian_id else None
    return guardian or contact
