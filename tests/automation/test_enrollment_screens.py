"""Contacts in a workflow on screen: who is where, the journey, letting in, trying again, taking out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from crm.automation.models import Workflow
from crm.automation.operations import enroll, pause, resume
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.lib import clock
from crm.users.models import User
from tests.automation.paths import enrollment, run, running
from tests.factories import contact, tag

WAIT = ("wait_duration", {"duration": 1, "unit": "days"})


@pytest.fixture
def carla(app: object) -> Contact:
    return contact()


@pytest.fixture
def waiting(carla: Contact) -> Workflow:
    """A workflow with Carla waiting in it."""
    workflow = running(WAIT)
    enroll(workflow, [carla.id])
    commit()
    run()
    return workflow


def test_it_lists_who_is_where(as_mo: FlaskClient, waiting: Workflow) -> None:
    page = as_mo.get(f"/workflows/{waiting.id}/enrollments").text
    assert "Carla Diaz" in page
    assert "Step 1, Wait" in page


def test_by_status_and_by_step(as_mo: FlaskClient, waiting: Workflow) -> None:
    path = f"/workflows/{waiting.id}/enrollments"
    assert "Carla" in as_mo.get(f"{path}?status=active").text
    assert "Carla" not in as_mo.get(f"{path}?status=failed").text
    assert "Carla" in as_mo.get(f"{path}?step={enrollment().current_step_id}").text
    assert "Carla" not in as_mo.get(f"{path}?step=999").text


def test_a_contact_is_found_and_let_in_by_hand(as_mo: FlaskClient, carla: Contact) -> None:
    workflow = running(WAIT, trigger="student_created")
    assert "Carla Diaz" in as_mo.get(f"/workflows/{workflow.id}/enrollments/new?q=car").text
    assert as_mo.post(f"/workflows/{workflow.id}/enrollments", data={"contact_id": carla.id}).status_code == 303
    assert enrollment(contact_id=carla.id).status == "active"


def test_the_entry_rules_hold_for_everyone(as_mo: FlaskClient, waiting: Workflow, carla: Contact) -> None:
    reply = as_mo.post(f"/workflows/{waiting.id}/enrollments", data={"contact_id": carla.id})
    assert reply.status_code == 422
    assert "may not enter again" in reply.text


def test_the_journey_says_why(as_mo: FlaskClient, carla: Contact) -> None:
    made = tag("Keen")
    workflow = running(("add_tag", {"tag_id": made.id}), WAIT)
    enroll(workflow, [carla.id])
    commit()
    run()
    page = as_mo.get(f"/workflows/{workflow.id}/enrollments/{enrollment().id}").text
    assert "Add the tag “Keen”" in page
    assert "Tag added" in page
    assert "Waiting" in page


def test_the_journey_leads_to_the_message(as_mo: FlaskClient, carla: Contact) -> None:
    workflow = running(("send_email", {"subject": "Hello {{ contact.first_name }}", "content": "Hi"}))
    enroll(workflow, [carla.id])
    commit()
    run()
    page = as_mo.get(f"/workflows/{workflow.id}/enrollments/{enrollment().id}").text
    assert "The email: waiting" in page


def test_taking_out_ends_the_journey(as_mo: FlaskClient, waiting: Workflow) -> None:
    path = f"/workflows/{waiting.id}/enrollments/{enrollment().id}"
    as_mo.post(f"{path}/exit")
    assert enrollment().status == "exited"
    assert "Removed by hand" in as_mo.get(path).text


def test_a_failed_one_can_be_tried_again(as_mo: FlaskClient, carla: Contact) -> None:
    made = tag("Gone")
    workflow = running(("add_tag", {"tag_id": made.id}), WAIT)
    db.session.delete(made)
    enroll(workflow, [carla.id])
    commit()
    run()
    path = f"/workflows/{workflow.id}/enrollments/{enrollment().id}"
    assert "was deleted" in as_mo.get(path).text
    as_mo.post(f"{path}/retry")
    assert enrollment().status == "active"
    run()
    as_mo.post(f"{path}/skip")
    run()
    assert "Wait" in as_mo.get(path).text
    assert enrollment().status == "active"


def test_trying_again_what_did_not_fail_says_so(as_mo: FlaskClient, waiting: Workflow) -> None:
    path = f"/workflows/{waiting.id}/enrollments/{enrollment().id}"
    page = as_mo.post(f"{path}/retry", follow_redirects=True).text
    assert "Only a failed enrollment can be tried again." in page


def test_the_profile_shows_a_contacts_workflows(as_mo: FlaskClient, waiting: Workflow, carla: Contact) -> None:
    assert "Welcome" in as_mo.get(f"/contacts/{carla.id}/workflows").text


def test_what_is_not_there_is_not_found(as_mo: FlaskClient, waiting: Workflow) -> None:
    other = running(WAIT)
    assert as_mo.get(f"/workflows/{other.id}/enrollments/{enrollment().id}").status_code == 404
    assert as_mo.post(f"/workflows/{other.id}/enrollments", data={"contact_id": 999}).status_code == 404


def test_agents_see_none_of_it(as_agnes: FlaskClient, agnes: User, waiting: Workflow, carla: Contact) -> None:
    carla.owner_id = agnes.id
    assert as_agnes.get(f"/workflows/{waiting.id}/enrollments").status_code == 403
    assert as_agnes.get(f"/contacts/{carla.id}/workflows").status_code == 403
    assert as_agnes.post(f"/workflows/{waiting.id}/enrollments/{enrollment().id}/exit").status_code == 403
    assert enrollment().status == "active"


def test_a_contact_is_let_in_from_the_profile(as_mo: FlaskClient, carla: Contact) -> None:
    workflow = running(WAIT)
    path = f"/contacts/{carla.id}/workflows"
    assert f'value="{workflow.id}"' in as_mo.get(path).text
    assert as_mo.post(path, data={"workflow_id": workflow.id}).location == f"/contacts/{carla.id}"
    assert enrollment(contact_id=carla.id).status == "active"
    again = as_mo.post(path, data={"workflow_id": workflow.id})
    assert again.status_code == 422
    assert "may not enter again" in again.text


def test_a_contact_is_held_and_goes_on(as_mo: FlaskClient, waiting: Workflow, carla: Contact) -> None:
    path, timeline = f"/workflows/{waiting.id}/enrollments/{enrollment().id}", f"/contacts/{carla.id}/timeline"
    assert ">Hold<" in as_mo.get(timeline).text
    assert [as_mo.post(f"{path}/hold?on=contact").status_code for _ in range(2)] == [303, 303]
    assert "On hold" in as_mo.get(path).text
    pause(waiting)
    resume(waiting)
    commit()
    run(clock.now() + timedelta(days=2))
    assert enrollment().status == "held"
    assert "until somebody lets it go on" in as_mo.get(timeline).text
    as_mo.post(f"{path}/release")
    run(clock.now() + timedelta(days=2))
    assert enrollment().status == "completed"
    assert "not on hold" in as_mo.post(f"{path}/release", follow_redirects=True).text


def test_holding_is_for_those_who_may_activate(as_vic: FlaskClient, waiting: Workflow) -> None:
    assert as_vic.post(f"/workflows/{waiting.id}/enrollments/{enrollment().id}/hold").status_code == 403
