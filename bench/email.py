"""Sending: personalised, tracked 30 kB messages through the whole ledger to a local mail server."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator

import sqlalchemy as sa

from bench.figures import Figure, fresh_app, seconds
from bench.sink import sink
from crm.database import commit, db
from crm.demo.people import add_contacts
from crm.email.models import EmailMessage
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.email.sending import new_delivery
from crm.providers.mail import Envelope

MESSAGES, ROUNDS, CONNECTIONS = 1_000, 3, 4
PARAGRAPH = "Dear {{{{ contact.first_name | default: 'friend' }}}}, read on at https://example.org/lesson/{} about **verbs** and more. "


def run() -> Iterator[Figure]:
    """Messages a second over four connections, beside bare smtplib sending the same bytes over four, in turns."""
    with sink() as port, fresh_app(SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none", MAIL_ADDRESS="1 School Lane"):
        content = ensure_content("Hello {{ contact.first_name }}", _body())
        ids = add_contacts(MESSAGES * ROUNDS * 2)[: MESSAGES * ROUNDS]
        ours = bare = 0.0
        sent: list[Envelope] = []
        for at in range(ROUNDS):
            chosen = ids[at * MESSAGES : (at + 1) * MESSAGES]
            queue_emails([NewEmail(contact_id=each, content_id=content.id) for each in chosen])
            commit()
            first = len(sent)
            ours += seconds(lambda: _deliver(sent))
            bare += seconds(lambda first=first: _bare(port, sent[first:]))
        arrived = db.session.scalar(
            sa.select(sa.func.count()).where(EmailMessage.status == "sent").select_from(EmailMessage)
        )
        assert arrived == len(sent) > MESSAGES * ROUNDS * 0.9, f"{arrived} of {MESSAGES * ROUNDS} were sent"
        size = len(sent[0].data) // 1000
    yield Figure(
        f"tracked emails of {size} kB over {CONNECTIONS} connections",
        arrived / ours,
        "messages/s",
        arrived / bare,
        "bare smtplib, the same bytes and connections",
    )


def _deliver(sent: list[Envelope]) -> None:
    delivery = new_delivery()
    take = delivery.provider.take
    delivery.provider.take = lambda envelope, *more, **others: (sent.append(envelope), take(envelope, *more, **others))[
        1
    ]  # type: ignore[method-assign]
    delivery.run(600)
    delivery.close()


def _bare(port: int, envelopes: list[Envelope]) -> None:
    shares = [envelopes[at::CONNECTIONS] for at in range(CONNECTIONS)]
    threads = [threading.Thread(target=_send_all, args=(port, share)) for share in shares]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def _send_all(port: int, envelopes: list[Envelope]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for each in envelopes:
            server.sendmail(each.sender, [each.recipient], each.data)


def _body() -> str:
    links = "".join(PARAGRAPH.format(number) + "\n\n" for number in range(12))
    return links + ("A long text about the school and its teachers. " * 8 + "\n\n") * 20
