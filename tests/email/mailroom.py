"""Emails for tests: queued, sent over a real server on loopback or the built-in outbox, read back."""

import email
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage as Mail

from flask import current_app

from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.mime import Sender
from crm.email.models import EmailMessage
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.email.sending import Delivery, new_delivery
from crm.email.writing import Writer
from crm.lib import clock
from crm.lib.smtp_url import Server
from crm.providers.outbox import Outbox
from crm.providers.smtp import Smtp, Timeouts
from tests.providers.mail_server import MailServer

BROWSER = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
}
BODY = "Hello {{ contact.first_name }}, [book](https://school.example/book?c={{ contact.first_name }}) or [read](https://school.example/read)"
SENDER = Sender("Scales", "school@school.example", "<contacts.school.example>")
QUICK = Timeouts(connect=2, reply=0.5, dot=0.5)


def queue(
    contacts: Sequence[Contact], body: str = BODY, subject: str = "Hi {{ contact.first_name }}", **more
) -> list[EmailMessage]:
    """One message to each contact, committed."""
    content = ensure_content(subject, body)
    ids = queue_emails([NewEmail(contact_id=each.id, content_id=content.id, parent_id=1, **more) for each in contacts])
    commit()
    return [db.session.get_one(EmailMessage, each) for each in sorted(ids)]


def deliver(server: MailServer | None = None, at: datetime | None = None, seconds: float = 10) -> Delivery:
    """Send what is due as of `at` over one connection, and read every row anew."""
    provider = Smtp(Server.of_url(server.url), QUICK) if server else Outbox()
    commit()
    delivery = Delivery(provider, Writer(SENDER), longest=5, now=lambda: at or clock.now())
    delivery.run(seconds)
    delivery.close()
    db.session.expire_all()
    return delivery


def sent_bytes(server: MailServer) -> bytes:
    """The one message that is due, as this server gets it from the school's own sender."""
    current_app.config.update(SMTP_URL=server.url, MAIL_FROM="School <office@school.example>")
    commit()
    delivery = new_delivery()
    delivery.run(10)
    delivery.close()
    return server.messages[-1][2]


def sent(contact: Contact, **more) -> EmailMessage:
    """A message that went to the outbox."""
    (message,) = queue([contact], **more)
    deliver()
    return message


def later(**span: float) -> datetime:
    return clock.now() + timedelta(**span)


def read(raw: bytes) -> Mail:
    return email.message_from_bytes(raw, policy=policy.default)


def links_in(raw: bytes, kind: str) -> list[str]:
    """The tracked addresses of a mail, as paths on our own server."""
    html = read(raw).get_body(("html",)).get_content()
    return re.findall(rf'"https?://[^/"]+(/api/track/{kind}/[^"]+)"', html)
