"""Tracking: opens and clicks under the real web server, beside bare Flask that stores nothing, and beside the usual way to store."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask, Response, g, redirect
from granian import Granian
from granian.constants import Interfaces

from bench.figures import Figure, fresh_app
from bench.load import hits_per_second
from crm import config, database, processes
from crm.database import commit, db
from crm.demo.people import add_contacts
from crm.email.addresses import click_url, open_url, unsubscribe_url
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.lib import clock
from crm.preferences.models import EmailUnsubscribe
from crm.users.models import User
from crm.users.operations import create_user, open_session

HITS = 4_000
BODY = "Hello [there](https://example.org/there)"


def run() -> Iterator[Figure]:
    """Hits a second, each for another message. Clicks are stored before they are answered; of opens every one is stored at the end."""
    with fresh_app() as app:
        instance = str(app.config["INSTANCE_PATH"])
        opens, clicks, leaves = _addresses()
        with _served(_product, instance) as port:
            opened = hits_per_second(port, opens)
            clicked = hits_per_second(port, clicks)
            left = hits_per_second(port, leaves, body="List-Unsubscribe=One-Click")
            page, page_alone = _page_meanwhile(app, port, [*opens, *clicks])
        _check_that_all_are_stored(2 * HITS)
        with _served(_plain, "orm_app", instance) as port:
            by_orm = hits_per_second(port, [f"/click/{number}" for number in range(1, HITS + 1)])
            left_by_orm = hits_per_second(port, [f"/leave/{number}" for number in range(1, HITS + 1)], body="a=b")
    with _served(_plain, "bare_app", "") as port:
        bare_open = hits_per_second(port, ["/open"] * HITS)
        bare_click = hits_per_second(port, ["/click"] * HITS)
    yield Figure("opens", opened, "hits/s", bare_open, "a static picture from bare Flask")
    yield Figure("clicks", clicked, "hits/s", by_orm, "bare Flask with an ORM commit per hit")
    yield Figure("unsubscribes", left, "hits/s", left_by_orm, "bare Flask with an ORM commit per hit")
    yield Figure("page view meanwhile, 95th percentile", page, "ms", 200, "the limit")
    yield Figure("the same beside the page alone", page, "ms", page_alone, "the page alone")
    yield Figure("clicks beside nothing", clicked, "hits/s", bare_click, "bare Flask, nothing stored")


def _page_meanwhile(app: Flask, port: int, paths: list[str]) -> tuple[float, float]:
    """The 95th percentile of a page of contacts in milliseconds, asked for again and again while these are fetched, and before."""
    token = open_session(db.session.scalars(sa.select(User)).one())
    commit()
    db.session.remove()
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookie = {"Cookie": "session=" + signer.dumps({"_user_id": token, "_fresh": True})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    alone = _times_of(connection, cookie, lambda times: len(times) < 30)
    load = threading.Thread(target=hits_per_second, args=(port, paths))
    load.start()
    meanwhile = _times_of(connection, cookie, lambda _: load.is_alive())
    return tuple(statistics.quantiles(each, n=20)[-1] * 1000 for each in (meanwhile, alone))  # type: ignore[return-value]


def _times_of(
    connection: http.client.HTTPConnection, cookie: dict[str, str], goes_on: Callable[[list[float]], bool]
) -> list[float]:
    times: list[float] = []
    while goes_on(times):
        start = time.perf_counter()
        connection.request("GET", "/contacts", headers=cookie)
        reply = connection.getresponse()
        reply.read()
        times.append(time.perf_counter() - start)
        assert reply.status == 200, reply.status
    return times


def _check_that_all_are_stored(number: int) -> None:
    """The server was told to stop in order, so nothing may be missing."""
    stored = [db.session.scalar(sa.select(sa.func.count()).select_from(each)) for each in (EmailOpen, EmailLinkClick)]
    counted = db.session.execute(
        sa.select(sa.func.sum(EmailMessage.opened_count), sa.func.sum(EmailMessage.clicked_count))
    ).one()
    db.session.rollback()
    assert stored == [number, number], f"{stored} of {number} were stored"
    assert counted[0] == number, f"{counted[0]} of {number} opens were counted"
    assert counted[1] >= HITS, f"{counted[1]} of {HITS} clicks were counted"
    gone = db.session.scalar(sa.select(sa.func.count()).select_from(EmailUnsubscribe))
    db.session.rollback()
    assert gone == HITS, f"{gone} of {HITS} left"


def _addresses() -> tuple[list[str], ...]:
    create_user("ada@school.example", "Ada", "crm_admin", "bench password")
    content = ensure_content("Hello", BODY)
    queue_emails([NewEmail(contact_id=each, content_id=content.id) for each in add_contacts(HITS)])
    address = sa.literal("reader") + sa.cast(EmailMessage.id, sa.String) + "@example.com"
    db.session.execute(sa.update(EmailMessage).values(status="sent", to_address=address))
    commit()
    rows = db.session.execute(sa.select(EmailMessage.id, EmailMessage.contact_id).order_by(EmailMessage.id)).all()
    db.session.remove()
    urls = [(open_url(row.id), click_url(row.id)(0), unsubscribe_url(row.contact_id, row.id)) for row in rows]
    return tuple([urlsplit(each[kind]).path for each in urls] for kind in range(3))


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


def _plain(port: int, factory: str, instance: str) -> None:
    os.environ["INSTANCE_PATH"] = instance
    Granian(
        f"bench.tracking:{factory}", factory=True, address="127.0.0.1", port=port, interface=Interfaces.WSGI,
        blocking_threads=8, websockets=False, log_enabled=False,
    ).serve()  # fmt: skip


def bare_app() -> Flask:
    """The least Flask can do for an open and a click."""
    app = Flask("bare")
    app.add_url_rule("/open", view_func=lambda: Response(b"GIF89a" + b"\0" * 37, mimetype="image/gif"), endpoint="open")
    app.add_url_rule("/click", view_func=lambda: redirect("https://example.org/there"), endpoint="click")
    return app


def orm_app() -> Flask:
    """A click the usual way: load the message, count, add a row, commit; over the same database."""
    app = Flask("orm")
    app.config.update(config.load(Path(os.environ["INSTANCE_PATH"])))
    database.init_app(app)

    @app.get("/click/<int:number>")
    def click(number: int) -> Any:
        g.writes = True
        message = db.session.get_one(EmailMessage, number)
        message.clicked_count += 1
        message.clicked_at = message.clicked_at or clock.now()
        db.session.add(
            EmailLinkClick(email_message_id=number, contact_id=message.contact_id, url="https://example.org/there")
        )
        db.session.commit()
        return redirect("https://example.org/there")

    @app.post("/leave/<int:number>")
    def leave(number: int) -> Any:
        message = db.session.get_one(EmailMessage, number)
        message.unsubscribed_at = clock.now()
        db.session.add(
            EmailUnsubscribe(contact_id=message.contact_id, email=f"{number}@example.com", email_message_id=number)
        )
        db.session.commit()
        return Response("You are unsubscribed.")

    return app
