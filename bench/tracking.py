"""Tracking: opens and clicks under the real web server, beside a bare Flask app that answers the same and stores nothing."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask, Response, redirect
from granian import Granian
from granian.constants import Interfaces

from bench.figures import Figure, fresh_app
from bench.load import hits_per_second
from crm import processes
from crm.database import commit, db
from crm.demo.people import add_contacts
from crm.email.addresses import click_url, open_url
from crm.email.models import EmailMessage
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.users.operations import create_user

HITS = 4_000
BODY = "Hello [there](https://example.org/there)"


def run() -> Iterator[Figure]:
    """Hits a second, each for another message, stored before they are answered."""
    with fresh_app() as app:
        opens, clicks = _addresses()
        with _served(_product, str(app.config["INSTANCE_PATH"])) as port:
            opened = hits_per_second(port, opens)
            clicked = hits_per_second(port, clicks)
        stored = db.session.execute(
            sa.select(sa.func.sum(EmailMessage.opened_count), sa.func.sum(EmailMessage.clicked_count))
        ).one()
        assert stored[1] == HITS, f"{stored} of {HITS} were stored"
    with _served(_bare) as port:
        bare_open = hits_per_second(port, ["/open"] * HITS)
        bare_click = hits_per_second(port, ["/click"] * HITS)
    beside = "bare Flask, nothing stored"
    yield Figure("opens", opened, "hits/s", bare_open, beside)
    yield Figure("clicks", clicked, "hits/s", bare_click, beside)


def _addresses() -> tuple[list[str], list[str]]:
    create_user("ada@school.example", "Ada", "crm_admin", "bench password")
    content = ensure_content("Hello", BODY)
    queue_emails([NewEmail(contact_id=each, content_id=content.id) for each in add_contacts(HITS)])
    db.session.execute(sa.update(EmailMessage).values(status="sent"))
    commit()
    ids = db.session.scalars(sa.select(EmailMessage.id)).all()
    db.session.remove()
    return [urlsplit(open_url(each)).path for each in ids], [urlsplit(click_url(each)(0)).path for each in ids]


@contextmanager
def _served(target: Callable[..., None], *arguments: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=target, args=(port, *arguments))
    process.start()
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.join()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port}")


def _product(port: int, instance: str) -> None:
    os.environ["INSTANCE_PATH"] = instance
    processes.web("127.0.0.1", port)


def _bare(port: int) -> None:
    Granian(
        "bench.tracking:bare_app", factory=True, address="127.0.0.1", port=port, interface=Interfaces.WSGI,
        blocking_threads=8, websockets=False, log_enabled=False,
    ).serve()  # fmt: skip


def bare_app() -> Flask:
    """The least Flask can do for an open and a click."""
    app = Flask("bare")
    app.add_url_rule("/open", view_func=lambda: Response(b"GIF89a" + b"\0" * 37, mimetype="image/gif"), endpoint="open")
    app.add_url_rule("/click", view_func=lambda: redirect("https://example.org/there"), endpoint="click")
    return app
