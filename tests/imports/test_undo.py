"""An import is taken back: who is new goes, unless something has happened since; who was changed gets back what they had."""

from datetime import UTC, datetime

import sqlalchemy as sa

from crm.activity.dispatcher import dispatch
from crm.activity.models import ContactActivity
from crm.automation.models import Enrollment
from crm.automation.operations import activate
from crm.contacts.models import Contact
from crm.contacts.operations import update_contact
from crm.contacts.search import found_by
from crm.database import commit, db
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.imports import operations, queries, runs, undoing
from crm.imports.models import UNDO_WITHIN, ContactImportBatch
from crm.lib import clock
from crm.tags.operations import add_tag
from crm.tags.queries import tags_of
from tests import factories
from tests.automation import paths
from tests.imports.files import received

PEOPLE = "Email,First name,City,Tags\ncarla@example.com,Clara,Bilbao,Hot\nzoe@example.com,Zoë,Ulm,Hot\nasa@example.com,Åsa,,\n"


def imported(user, text=PEOPLE, **options):
    found = received(text, user)
    operations.describe(found, found.mapping, country="DE", **{"existing": "overwrite", **options})
    operations.start(found)
    commit()
    runs.run(found.id, is_gentle=False)
    while dispatch():
        pass
    return found


def undone(found):
    operations.undo(found)
    commit()
    runs.run(found.id, is_gentle=False)
    db.session.expire_all()
    return found


def test_new_ones_go_and_changed_ones_get_back_what_they_had(ada):
    factories.tag("Hot")
    carla, warm = factories.contact(city="Lima"), factories.tag("Warm")
    add_tag(carla, warm, ada.actor)
    found = undone(imported(ada))
    assert (found.status, found.removed, found.restored, found.kept) == ("undone", 2, 1, 0)
    assert (carla.first_name, carla.city, carla.sort_name) == ("Carla", "Lima", "carla diaz")
    assert [each.name for each in tags_of([carla.id])[carla.id]] == ["Warm"]
    assert db.session.scalars(sa.select(Contact.email)).all() == ["carla@example.com"]
    assert db.session.scalar(sa.select(Contact.id).where(found_by("zoe"))) is None
    assert db.session.query(ContactImportBatch).count() == 0
    assert undone(found).status == "undone"


def test_what_was_touched_since_stays_with_the_reason(app, ada, mo):
    app.config["TIMEZONE"] = "Pacific/Kiritimati"
    carla = factories.contact(city="Lima")
    found = imported(ada)
    zoe = db.session.scalar(sa.select(Contact).where(Contact.email == "zoe@example.com"))
    update_contact(zoe, {"city": "Köln"}, mo.actor)
    update_contact(carla, {"city": "Rome"}, mo.actor)
    changed = sa.update(ContactActivity).where(ContactActivity.contact_id == zoe.id, ContactActivity.actor == "Mo")
    db.session.execute(changed.values(created_at=datetime(2026, 12, 31, 11, tzinfo=UTC)))
    commit()
    undone(found)
    assert (found.removed, found.restored, found.kept) == (1, 1, 1)
    assert (carla.first_name, carla.city) == ("Carla", "Rome")
    [(stayed, reason)] = queries.kept_contacts(found, 10)
    assert (stayed.id, reason) == (zoe.id, "Changed city by Mo, 1 January 2027")


def test_a_workflow_that_wrote_to_nobody_keeps_nobody_one_that_wrote_does(ada):
    version = paths.draft(("wait_duration", {"duration": 1, "unit": "days"}))
    version.trigger_type, version.trigger_conditions = "student_created", {}
    activate(version.workflow)
    commit()
    found = imported(ada, "Email\ncarla@example.com\nzoe@example.com\n")
    assert db.session.query(Enrollment).count() == 2
    zoe = db.session.scalar(sa.select(Contact).where(Contact.email == "zoe@example.com"))
    queue_emails([NewEmail(zoe.id, ensure_content("Hello", "You").id)])
    commit()
    undone(found)
    assert (found.removed, found.kept) == (1, 1)
    assert [(each.id, reason) for each, reason in queries.kept_contacts(found, 10)] == [(zoe.id, undoing.MAILED)]


def test_an_address_somebody_took_since_is_left_alone(ada):
    carla = factories.contact(external_id="7")
    found = imported(ada, "External id,Email,Name\n7,new@example.com,Carla Diaz\n", dedupe="external_id")
    assert carla.email == "new@example.com"
    factories.contact()
    undone(found)
    assert (found.status, carla.email) == ("undone", "new@example.com")


def test_after_thirty_days_it_is_too_late(ada, as_ada):
    found = imported(ada)
    assert "Undo the import" in as_ada.get(f"/imports/{found.id}").text
    found.finished_at = clock.now() - UNDO_WITHIN
    commit()
    assert "Undo the import" not in as_ada.get(f"/imports/{found.id}").text
    as_ada.post(f"/imports/{found.id}/undo")
    assert found.status == "done"
    operations.sweep()
    assert db.session.query(ContactImportBatch).count() == 0


def test_on_screen(ada, as_ada, as_agnes):
    found = imported(ada)
    assert as_agnes.post(f"/imports/{found.id}/undo").status_code == 404
    as_ada.post(f"/imports/{found.id}/undo")
    assert "Undoing" in as_ada.get(f"/imports/{found.id}").text
    runs.run(found.id, is_gentle=False)
    assert "3 new contacts went" in as_ada.get(f"/imports/{found.id}").text
