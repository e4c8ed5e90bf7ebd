"""The health page, the mark in the navigation, and deciding how to go on after a standstill."""

from datetime import timedelta

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.database import commit, db
from crm.health import checks, hold
from crm.health.checks import run
from crm.health.jobs import heartbeat, look_after_health
from crm.health.queries import troubles_since
from crm.lib import clock
from crm.users import making_roles
from tests import factories
from tests.email.mailroom import queue

ATTEMPTS = {"dispatch_attempts": 5, "dispatch_error": "ValueError: broken"}


def parked_activity():
    contact = factories.contact()
    values = {"contact_id": contact.id, "activity_type": "tag_added", "title": "Tag added", **ATTEMPTS}
    db.session.add(ContactActivity(**values))
    commit()
    return db.session.scalar(sa.select(ContactActivity.id).where(ContactActivity.title == "Tag added"))


def test_without_a_worker_the_page_says_so_and_what_to_do(as_ada):
    page = as_ada.get("/settings/health").text
    assert "never seen" in page
    assert "cohort serve" in page
    assert "trouble-mark" in page


def test_the_mark_is_for_those_who_can_mend_it(as_mo):
    assert "trouble-mark" not in as_mo.get("/").text


def test_what_is_well_again_is_forgotten(app, as_ada):
    heartbeat()
    number = parked_activity()
    look_after_health()
    since = troubles_since()["activities"]
    look_after_health()
    assert troubles_since()["activities"] == since
    as_ada.post(f"/settings/health/activities/{number}/dismissal")
    look_after_health()
    assert "activities" not in troubles_since()


def test_a_parked_activity_is_shown_and_tried_again(as_ada):
    number = parked_activity()
    assert "ValueError: broken" in as_ada.get("/settings/health").text
    assert as_ada.post(f"/settings/health/activities/{number}/retry").status_code == 303
    assert db.session.get(ContactActivity, number).dispatch_attempts == 0


def test_old_work_is_told_with_its_age(app):
    (message,) = queue([factories.contact()])
    message.due_at = clock.now() - timedelta(hours=2)
    commit()
    (finding,) = [each for each in run() if each.subject == "emails"]
    assert (finding.is_well, finding.text) == (False, "1 email due, the oldest for 2 hours")


def test_a_hold_is_on_every_page_and_a_person_ends_it(as_ada, as_mo):
    queue([factories.contact()])
    hold.begin("restored", clock.now())
    commit()
    assert "1 email due" in as_mo.get("/tasks").text
    assert "Decide how to go on" in as_ada.get("/tasks").text
    assert "An administrator decides" in as_mo.get("/tasks").text
    assert as_mo.post("/settings/hold/going-on").status_code == 403
    assert as_ada.post("/settings/hold/going-on").status_code == 303
    assert "hold-banner" not in as_ada.get("/tasks").text


def test_skipping_asks_for_a_moment(as_ada):
    queue([factories.contact()])
    as_ada.post("/settings/hold")
    for text in ("", "soon", "99999-01-01T00:00"):
        assert as_ada.post("/settings/hold/skipping", data={"before": text}).status_code == 422
    assert hold.current() is not None
    later = f"{clock.now() + timedelta(minutes=5):%Y-%m-%dT%H:%M}"
    page = as_ada.post("/settings/hold/skipping", data={"before": later}, follow_redirects=True).text
    assert "1 email given up" in page
    assert hold.current() is None


def test_looking_again_puts_the_mark_right_at_once(app, as_ada):
    app.extensions["health_checks"] = (checks._activities,)
    heartbeat()
    number = parked_activity()
    look_after_health()
    assert "trouble-mark" in as_ada.get("/tasks").text
    as_ada.post(f"/settings/health/activities/{number}/dismissal")
    assert "trouble-mark" in as_ada.get("/tasks").text
    page = as_ada.get("/settings/health").text
    assert "Everything is well" in page
    assert "trouble-mark" not in page
    assert "look_after_health" in [each.name for each in app.extensions["huey"].pending()]


def test_backups_are_linked_for_those_alone_who_may_see_them(as_ada, ada, sign_in):
    role = making_roles.save_role(None, "Office", ["crm.settings.manage", "crm.contacts.view"], "all", False, ada)
    commit()
    office = sign_in(factories.user("olga", role.key))
    link = 'href="/settings/backups">Look at it'
    assert link in as_ada.get("/settings/health").text
    page = office.get("/settings/health").text
    assert "there is none yet" in page
    assert link not in page
