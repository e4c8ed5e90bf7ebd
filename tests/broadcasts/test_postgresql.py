"""A broadcast on PostgreSQL, from the launch to its reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from crm.bounces.operations import take_in
from crm.broadcasts import operations, running
from crm.database import commit, db
from crm.lib import clock
from crm.providers.mail_reports import DELIVERED, HARD, MailEvent
from tests.broadcasts import kit
from tests.conftest import make_app
from tests.postgresql import postgresql


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with postgresql() as url:
        app = make_app(tmp_path, DATABASE_URL=url, MAIL_PER_DAY=1000, MAIL_PER_DOMAIN=6000)
        with app.app_context():
            db.create_all()
            yield app
            db.session.remove()
            db.engine.dispose()


def test_it_is_tried_decided_sent_and_reported_about(app):
    kit.people(10)
    broadcast = kit.launched("Fair", ("One", "Two"), per_minute=600)
    kit.send()
    assert kit.states(broadcast) == {"sent": 2, "pending": 8}
    assert operations.pause(broadcast)
    commit()
    kit.run(clock.now() + timedelta(days=1))
    assert broadcast.is_test_open
    assert operations.resume(broadcast)
    commit()
    kit.run(clock.now() + timedelta(days=1))
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("finished", {"sent": 10})
    name = kit.messages(broadcast)[0].message_id
    for kind in (HARD, DELIVERED):
        take_in("generic", [MailEvent(kind, kind, message_id=name, at=clock.now())], clock.now())
        commit()
    db.session.expire_all()
    assert kit.messages(broadcast)[0].bounce_type == "hard"
    assert running.refresh_counts(clock.now()) == 1
