"""Somebody leaves, and what they had goes to others."""

import pytest
import sqlalchemy as sa

from crm.automation.models import Step, Version, Workflow
from crm.bulk.jobs import run_bulk_actions
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.tasks.models import Task
from crm.tasks.operations import NewTask, create_task
from crm.users import operations
from crm.users.models import ApiToken
from crm.views.operations import save_view
from tests import factories


@pytest.fixture
def busy(mo):
    """Mo, with some of everything."""
    for number in range(3):
        factories.contact(email=f"c{number}@x.example", owner_id=mo.id)
    contact = factories.contact(email="other@x.example")
    create_task(NewTask(contact.id, "Call", assigned_to=mo.id))
    workflow = Workflow(name="Welcome")
    db.session.add(workflow)
    db.session.flush()
    version = Version(workflow_id=workflow.id)
    db.session.add(version)
    db.session.flush()
    db.session.add(
        Step(
            version_id=version.id,
            step_order=0,
            step_type="create_task",
            step_config={"title": "Hi", "assignee": str(mo.id)},
        )
    )
    save_view(mo, "Ours", {}, is_shared=True)
    operations.add_token(mo, "trial")
    commit()
    return mo


def owners():
    return set(db.session.scalars(sa.select(Contact.owner_id).where(Contact.email.like("c%@x.example"))))


def leave(client, user, taker=None):
    number = taker.id if taker else ""
    return client.post(f"/people/{user.id}/departure", data={"contacts_to": number, "rest_to": number})


def test_it_lists_what_they_have(as_ada, busy):
    page = as_ada.get(f"/people/{busy.id}/departure").text
    assert "Welcome" in page
    assert "1 shared view" in page


def test_everything_goes_to_who_takes_it_and_access_ends(as_ada, busy, agnes, sign_in):
    as_mo = sign_in(busy)
    reply = leave(as_ada, busy, agnes)
    assert "/bulk" in reply.location
    assert as_ada.get(reply.location).status_code == 200
    assert owners() == {agnes.id}
    assert db.session.scalar(sa.select(Task.assigned_to)) == agnes.id
    assert db.session.scalar(sa.select(Step.step_config))["assignee"] == str(agnes.id)
    assert db.session.scalar(sa.select(sa.func.count(ApiToken.id))) == 0
    assert not busy.is_enabled
    assert as_mo.get("/account").status_code == 302


def test_the_contacts_can_be_taken_back(as_ada, busy, agnes):
    location = leave(as_ada, busy, agnes).location
    as_ada.post(f"{location}/undo")
    assert owners() == {busy.id}


def test_without_a_taker_things_stay_theirs(as_ada, busy):
    assert leave(as_ada, busy).location == f"/people/{busy.id}"
    assert owners() == {busy.id}
    assert db.session.scalar(sa.select(Task.assigned_to)) == busy.id


def test_leaving_twice_is_harmless(as_ada, busy, agnes):
    leave(as_ada, busy, agnes)
    assert leave(as_ada, busy, agnes).status_code == 303


def test_nobody_takes_from_themselves_and_the_last_administrator_stays(as_ada, ada, busy):
    assert leave(as_ada, busy, busy).status_code == 422
    assert leave(as_ada, ada, busy).status_code == 422
    assert (busy.is_enabled, ada.is_enabled, owners()) == (True, True, {busy.id})


def test_only_who_manages_people_lets_somebody_go(as_agnes, busy):
    assert leave(as_agnes, busy).status_code == 403
    assert busy.is_enabled


def test_many_contacts_change_hands_in_the_worker(app, as_ada, busy, agnes, monkeypatch):
    monkeypatch.setattr("crm.departures.routes.AT_ONCE", 2)
    leave(as_ada, busy, agnes)
    assert owners() == {busy.id}
    run_bulk_actions()
    assert owners() == {agnes.id}
