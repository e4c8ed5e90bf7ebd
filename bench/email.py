"""Sending: personalised, tracked 30 kB messages through the whole ledger to a local mail server."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

import sqlalchemy as sa

from bench.figures import Figure, fresh_app, per_second
from bench.sink import sink
from crm.database import commit, db
from crm.demo.people import add_contacts
from crm.email.models import EmailMessage
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.email.sending import new_delivery
from crm.providers.mail import Envelope

MESSAGES = 2_000
PARAGRAPH = "Dear {{{{ contact.first_name | default: 'friend' }}}}, read on at https://example.org/lesson/{} about **verbs** and more. "


def run() -> Iterator[Figure]:
    """Messages a second over one connection, beside bare smtplib sending the same bytes over one connection."""
    with sink() as port, fresh_app(SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none", MAIL_ADDRESS="1 School Lane"):
        content = ensure_content("Hello {{ contact.first_name }}", _body())
        ids = add_contacts(MESSAGES * 2)[:MESSAGES]
        queue_emails([NewEmail(contact_id=each, content_id=content.id) for each in ids])
        commit()
        sent: list[Envelope] = []
        rate = per_second(MESSAGES, lambda: _deliver(sent))
        arrived = db.session.scalar(
            sa.select(sa.func.count()).where(EmailMessage.status == "sent").select_from(EmailMessage)
        )
        assert arrived > MESSAGES * 0.9, f"{arrived} of {MESSAGES} were sent"
        size = len(sent[0].data) // 1000
        bare = per_second(len(sent), lambda: _bare(port, sent))
    yield Figure(
        f"tracked emails of {size} kB", rate * arrived / MESSAGES, "messages/s", bare, "bare smtplib, the same bytes"
    )


def _deliver(sent: list[Envelope]) -> None:
    delivery = new_delivery()
    send = delivery.provider.send
    delivery.provider.send = lambda envelope, before_dot: (sent.append(envelope), send(envelope, before_dot))[1]  # type: ignore[method-assign]
    delivery.run(600)


def _bare(port: int, sent: list[Envelope]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for each in sent:
            server.sendmail(each.sender, [each.recipient], each.data)


def _body() -> str:
    links = "".join(PARAGRAPH.format(number) + "\n\n" for number in range(12))
    return links + ("A long text about the school and its teachers. " * 8 + "\n\n") * 20
