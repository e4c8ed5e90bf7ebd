"""The web server is killed or stopped while people open and click: no answered click is lost, and in order no open either."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.email.addresses import click_url, open_url
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen
from crm.email.operations import NewEmail, ensure_content, queue_emails
from tests import factories
from tests.email.mailroom import BROWSER
from tests.processes import environment, free_port, stop, wait_until

MESSAGES, VISITORS = 400, 6
"""Opens may wait for a minute here, so that only the end of the server can have written them."""


class Web:
    """The web server of the product over the test's database."""

    def __init__(self, instance: Path):
        self.port = free_port()
        serve = f"from crm import processes; processes.web('127.0.0.1', {self.port})"
        self.process = subprocess.Popen(
            [sys.executable, "-c", serve], env=environment(instance, TRACKING_BUFFER="60000")
        )
        wait_until(lambda: self._answers("/healthz"), 30)

    def _answers(self, path: str) -> bool:
        try:
            return self.get(path, http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)) == 200
        except OSError:
            return False

    def get(self, path: str, connection: http.client.HTTPConnection) -> int:
        connection.request("GET", path, headers=BROWSER)
        reply = connection.getresponse()
        reply.read()
        return reply.status

    def kill(self) -> None:
        """SIGKILL to the process that answers, and to the one that would start it again."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for number in (self.process.pid, *map(int, children)):
            os.kill(number, signal.SIGKILL)
        self.process.wait()

    def visit(self, paths: Sequence[str], answered: list[str]) -> None:
        """Ask for these until the server is gone; those that were answered are noted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        for path in paths:
            try:
                if self.get(path, connection) not in {200, 302}:
                    return
            except (OSError, http.client.HTTPException):
                return
            answered.append(path)


@pytest.fixture
def web(app) -> Iterator[Web]:
    factories.user("ada")
    contact, content = factories.contact(), ensure_content("Hi", "[read](https://school.example/read)")
    queue_emails(
        [NewEmail(contact_id=contact.id, content_id=content.id, visit_no=number) for number in range(MESSAGES)]
    )
    commit()
    web = Web(app.config["INSTANCE_PATH"])
    yield web
    if web.process.poll() is None:
        stop(web.process)


def visited(web: Web, paths: list[str], enough: int) -> tuple[list[str], list[threading.Thread]]:
    """Several visitors at once; back as soon as some were answered, while they go on."""
    answered: list[str] = []
    shares = [paths[number::VISITORS] for number in range(VISITORS)]
    threads = [threading.Thread(target=web.visit, args=(share, answered)) for share in shares]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) >= enough, 30)
    return answered, threads


def paths_of(url) -> list[str]:
    ids = db.session.scalars(sa.select(EmailMessage.id).order_by(EmailMessage.id)).all()
    db.session.rollback()
    return [urlsplit(url(number)).path for number in ids]


def stored(column: sa.ColumnElement[int]) -> set[int]:
    found = set(db.session.scalars(sa.select(column)))
    db.session.rollback()
    return found


def test_a_kill_loses_no_answered_click(app, web):
    paths = paths_of(lambda number: click_url(number)(0))
    number_of = dict(zip(paths, range(1, MESSAGES + 1), strict=True))
    answered, threads = visited(web, paths, 60)
    web.kill()
    for thread in threads:
        thread.join()
    assert {number_of[each] for each in answered} <= stored(EmailLinkClick.email_message_id)


def test_a_stop_in_order_loses_no_open(app, web):
    paths = paths_of(open_url)
    answered, threads = visited(web, paths, MESSAGES)
    for thread in threads:
        thread.join()
    stop(web.process)
    assert len(answered) == MESSAGES
    assert len(stored(EmailOpen.email_message_id)) == MESSAGES
