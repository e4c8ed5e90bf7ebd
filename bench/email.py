"""Sending: personalised, tracked 30 kB messages through the whole ledger to a local mail server.

Compared is a loop of smtplib's `sendmail` over the same number of connections, kept open, in turns with ours. It sends the very bytes of a
first round that is not measured: they lie ready, while ours, of the same content to others, are claimed, filled in, tracked, signed if
asked for, marked, and their results and activities written. Connecting counts on both sides, and so do the processes that sign.
"""

from __future__ import annotations

import multiprocessing
import resource
import smtplib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from bench.figures import Figure, fresh_app, seconds
from bench.sink import sink
from crm import create_app
from crm.database import commit, db
from crm.delivery import dkim
from crm.demo.people import add_contacts
from crm.email.models import EmailMessage
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.email.sending import Delivery, new_delivery
from crm.providers.mail import Envelope

MESSAGES, ROUNDS, CONNECTIONS = 2_000, 3, 4
FEW, MANY = 1_000, 100_000
PARAGRAPH = "Dear {{{{ contact.first_name | default: 'friend' }}}}, [read on](https://example.org/lesson/{}) about **verbs** and more. "
_PLAIN = f"a smtplib loop sending the same bytes over {CONNECTIONS} connections in turn"


def run() -> Iterator[Figure]:
    """Messages a second beside bare smtplib sending the same bytes, in turns; without DKIM and with it; and the processor's time."""
    with sink() as port, _school(port):
        ids = add_contacts(MESSAGES * (ROUNDS + 1))
        for signing in ("", " signed with DKIM"):
            if signing:
                domain = new_delivery().writer.usual.host
                dkim.make_key(domain)
                dkim.turn_on(domain)
            yield from _figures(port, ids, signing)


def memory() -> Iterator[Figure]:
    """The most memory a process needs that sends a hundred thousand messages, beside one that sends a thousand."""
    peaks = [_peak(count) for count in (MANY, FEW)]
    yield Figure(f"peak memory for {MANY:,} messages", peaks[0], "MB", peaks[1], f"for {FEW:,} messages")


def _school(port: int) -> AbstractContextManager[Flask]:
    return fresh_app(
        SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none", MAIL_ADDRESS="1 School Lane", SMTP_CONNECTIONS=CONNECTIONS
    )


def _figures(port: int, ids: list[int], signing: str) -> Iterator[Figure]:
    ours, bare = [0.0, 0.0], [0.0, 0.0]
    first = _first_round(ids[:MESSAGES], signing)
    before = _count_sent()
    for at in range(1, ROUNDS + 1):
        _queue(ids[at * MESSAGES : (at + 1) * MESSAGES], signing)
        _add(ours, _deliver)
        _add(bare, lambda: _bare(port, first))
    count, bare_count = _count_sent() - before, ROUNDS * len(first)
    assert count > MESSAGES * ROUNDS * 0.9, f"{count} of {MESSAGES * ROUNDS} were sent"
    name = f"tracked emails of {len(first[0].data) // 1000} kB over {CONNECTIONS} connections{signing}"
    yield Figure(name, count / ours[0], "messages/s", bare_count / bare[0], _PLAIN)
    yield Figure(f"{name}, by processor time", count / ours[1], "messages/s", bare_count / bare[1], _PLAIN)


def _first_round(ids: list[int], signing: str) -> list[Envelope]:
    """What is sent in a round that is not measured, for keeping it takes time that sending does not."""
    sent: list[Envelope] = []
    _queue(ids, signing)
    delivery = new_delivery()
    _overheard(delivery, sent)
    delivery.run(3600)
    delivery.close()
    return sent


def _count_sent() -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(EmailMessage.status == "sent")) or 0


def _add(spent: list[float], work: Callable[[], object]) -> None:
    before = _processor()
    spent[0] += seconds(work)
    spent[1] += _processor() - before


def _processor() -> float:
    """Seconds of processors' time so far, of this process and of those that it started and that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _queue(ids: list[int], signing: str = "") -> None:
    content = ensure_content("Hello {{ contact.first_name }}" + signing, _body())
    queue_emails([NewEmail(contact_id=each, content_id=content.id, visit_no=len(signing)) for each in ids])
    commit()


def _deliver() -> None:
    delivery = new_delivery()
    delivery.run(3600)
    delivery.close()


def _overheard(delivery: Delivery, sent: list[Envelope]) -> None:
    """Have every envelope noted on its way to the carrier."""
    take = delivery.provider.take

    def noted(envelope: Envelope, *more: object, **others: object) -> object:
        sent.append(envelope)
        return take(envelope, *more, **others)  # type: ignore[arg-type]

    delivery.provider.take = noted  # type: ignore[method-assign, assignment]


def _bare(port: int, envelopes: list[Envelope]) -> None:
    servers = [smtplib.SMTP("127.0.0.1", port) for _ in range(CONNECTIONS)]
    for at, each in enumerate(envelopes):
        servers[at % CONNECTIONS].sendmail(each.sender, [each.recipient], each.data)
    for server in servers:
        server.quit()


def _peak(count: int) -> float:
    """In a process of its own, because one's own peak holds what it did before."""
    with sink() as port, _school(port) as app:
        for ids in _slices(add_contacts(count), 5_000):
            _queue(ids)
        here, there = multiprocessing.Pipe()
        folder, url = app.config["INSTANCE_PATH"], app.config["SMTP_URL"]
        child = multiprocessing.get_context("spawn").Process(target=_send_all, args=(there, folder, url))
        child.start()
        peak = here.recv()
        child.join()
        return peak


def _slices(ids: list[int], size: int) -> Iterator[list[int]]:
    yield from (ids[at : at + size] for at in range(0, len(ids), size))


def _send_all(answer: Connection, folder: Path, url: str) -> None:
    app = create_app(Path(folder), SMTP_URL=url, MAIL_ADDRESS="1 School Lane")
    with app.app_context():
        delivery = new_delivery()
        delivery.run(3600)
        delivery.close()
    answer.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _body() -> str:
    links = "".join(PARAGRAPH.format(number) + "\n\n" for number in range(12))
    return links + ("A long text about the school and its teachers. " * 8 + "\n\n") * 20
