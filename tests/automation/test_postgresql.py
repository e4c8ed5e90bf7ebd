"""The engine on PostgreSQL, with several workers at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.activity.models import ContactActivity
from crm.activity.operations import emit_all
from crm.activity.vocabulary import EmailClicked
from crm.automation import engine
from crm.automation.models import Enrollment, StepLog, Workflow
from crm.automation.operations import enroll
from crm.database import commit, db
from crm.lib import clock
from crm.tags.models import Tagging
from tests import factories
from tests.automation import paths
from tests.conftest import make_app
from tests.postgresql import postgresql

IS_SET = {"match": "all", "conditions": [{"field": "email", "operator": "is_set"}]}
CLICK = {"event_type": "email_clicked", "timeout": 1, "unit": "days"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with postgresql() as url:
        app = make_app(tmp_path, DATABASE_URL=url)
        with app.app_context():
            db.create_all()
            yield app
            db.session.remove()
            db.engine.dispose()


def at_once(app: Flask, work: object, times: int = 4) -> None:
    """The same work in several threads, each with a connection of its own."""

    def run() -> None:
        with app.app_context():
            work()
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_workers_share_the_work_and_each_visit_happens_once(app):
    tag, ids = factories.tag(), paths.contacts(120)
    wait = ("wait_for_event", CLICK, {"happened": [("exit_workflow", {"reason": "Clicked"})]})
    split = ("condition", IS_SET, {"yes": [("add_tag", {"tag_id": tag.id})]})
    workflow = paths.running(split, ("create_task", {"title": "Call"}), wait)
    workflow_id = workflow.id

    def come() -> None:
        enroll(db.session.get_one(Workflow, workflow_id), ids)
        commit()

    def work() -> None:
        while engine.process_due(limit=10):
            pass

    db.session.remove()
    at_once(app, come)
    at_once(app, work)
    count = sa.select(sa.func.count())
    assert db.session.scalar(count.select_from(Enrollment)) == 120
    assert db.session.scalar(count.select_from(Tagging)) == 120
    assert db.session.scalar(count.select_from(StepLog)) == 480
    emit_all(EmailClicked(contact_id=each, subject="Hello", url="https://school.example") for each in ids[:60])
    commit()
    paths.run()
    db.session.remove()
    later = clock.now() + timedelta(days=2)
    at_once(app, lambda: paths.run(later))
    rows = db.session.execute(sa.select(Enrollment.status, sa.func.count()).group_by(Enrollment.status)).all()
    assert dict(rows) == {"exited": 60, "completed": 60}
    started = ContactActivity.activity_type == "sequence_started"
    assert db.session.scalar(count.select_from(ContactActivity).where(started)) == 120
