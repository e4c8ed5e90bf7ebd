"""The demo school: believable, the same for the same seed, and consistent with itself."""

import random
import shutil
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from crm.activity import dispatcher
from crm.automation import engine
from crm.automation.models import Enrollment, StepLog, Workflow
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.contacts.search import found_by
from crm.database import db
from crm.demo.people import contact_rows
from crm.demo.school import AlreadyThere, load_school
from crm.email.models import EmailMessage
from crm.tags.models import Tagging
from tests.conftest import make_app

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def count(model, *conditions):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, empty_database):
    """The database of a demo school, made once."""
    instance = tmp_path_factory.mktemp("demo")
    app = make_app(instance)
    shutil.copy(empty_database, instance / "crm.db")
    with app.app_context():
        load_school(contacts=900, seed=7, at=NOW)
        db.session.remove()
        db.engine.dispose()
    return instance / "crm.db"


@pytest.fixture
def school(app, loaded):
    shutil.copy(loaded, app.config["INSTANCE_PATH"] / "crm.db")
    db.engine.dispose()


def test_totals_are_what_the_rows_say(school):
    workflow = db.session.scalars(sa.select(Workflow)).one()
    assert workflow.total_enrolled == count(Enrollment)
    assert workflow.total_completed == count(Enrollment, Enrollment.status == "completed")
    assert count(Contact) == 900
    assert count(EmailMessage, EmailMessage.opened_count > 0) > 50
    assert count(Tagging) > 50


def test_its_broadcasts_add_up(school):
    sent = db.session.scalars(sa.select(Broadcast).where(Broadcast.status == "finished")).all()
    assert len(sent) == 3
    for each in sent:
        rows = (EmailMessage.purpose == "broadcast", EmailMessage.parent_id == each.id)
        assert each.frozen == count(EmailMessage, *rows) > 100
        assert each.sent_count == count(EmailMessage, *rows, EmailMessage.status == "sent")
        assert 0 < each.clicked_count < each.opened_count == count(EmailMessage, *rows, EmailMessage.opened_count > 0)


def test_nobody_is_asked_to_react_to_the_past(school):
    assert dispatcher.dispatch() == 0


def test_those_still_waiting_go_on_when_their_time_comes(school):
    waiting = count(Enrollment, Enrollment.status == "active")
    assert waiting > 0
    engine.process_due(datetime(2026, 6, 8, tzinfo=UTC))
    assert count(Enrollment, Enrollment.status == "active") == 0
    assert count(StepLog, StepLog.status == "pending") == 0


def test_its_people_are_found(school):
    carla = db.session.scalars(sa.select(Contact).where(Contact.email.is_not(None))).first()
    assert carla in db.session.scalars(sa.select(Contact).where(found_by(carla.email[:8]))).all()


def test_the_same_seed_gives_the_same_people():
    one, same, other = (list(contact_rows(1, 50, random.Random(seed), (1, 2), NOW)) for seed in (3, 3, 4))
    assert one == same != other


def test_it_is_not_mixed_into_a_school_that_has_contacts(school):
    with pytest.raises(AlreadyThere):
        load_school(contacts=10)


def test_the_first_start_offers_it(as_ada):
    reply = as_ada.post("/demo")
    assert (reply.status_code, reply.location) == (302, "/contacts")
    assert count(Contact) == 1000
    assert b"There are contacts already" in as_ada.post("/demo", follow_redirects=True).data
