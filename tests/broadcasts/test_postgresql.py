"""A broadcast on PostgreSQL, from the launch to its reports."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.bounces.operations import take_in
from crm.broadcasts import exporting, operations, queries, running
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.duplicates.operations import merge_contacts
from crm.email.claiming import claim_batch
from crm.email.one_click import Leave, leave_with_one_click
from crm.email.turns import Turns
from crm.health import hold
from crm.lib import clock
from crm.preferences.choices import preferences_of
from crm.providers.mail_reports import DELIVERED, HARD, MailEvent
from tests import factories
from tests.broadcasts import kit
from tests.conftest import make_app
from tests.email.mailroom import queue
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
    held = hold.begin("asked", clock.now())
    commit()
    kit.send()
    assert kit.states(broadcast) == {"pending": 10}
    hold.go_on(held, kit.BY)
    commit()
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


def test_it_is_merged_listed_and_left_from_an_old_address(app):
    kit.people(3)
    broadcast = kit.launched()
    kit.send()
    one, two, _ = db.session.scalars(sa.select(Contact).order_by(Contact.id))
    old = next(each for each in kit.messages(broadcast) if each.contact_id == two.id)
    merge_contacts(one, two, (), kit.BY)
    commit()
    found = queries.recipients(broadcast, factories.user("ada", "crm_admin"))
    addresses = [line[1] for line in exporting.lines(broadcast, found, "UTC")]
    assert sorted(addresses[1:]) == [f"pat{n}@example.com" for n in range(3)]
    with db.engine.begin() as connection:
        assert leave_with_one_click(connection, [Leave(two.id, old.id, clock.now())], "School")
    assert preferences_of(one).marketing_emails is False


def test_two_workers_do_not_use_up_the_same_room_of_a_day(app):
    """The second waits for the first, which holds no lane: only ordinary mail is due."""
    app.config.update(MAIL_PER_DAY=10, MAIL_PER_DOMAIN=0)
    queue(kit.people(30))
    taken, both = [], threading.Barrier(2)

    def work() -> None:
        with app.app_context():
            both.wait()
            taken.append(claim_batch(clock.now(), 20, Turns())[0])
            commit()
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(taken) == [0, 10]
