"""The draft on screen: what starts the workflow, how often, checking, publishing, throwing away."""

from __future__ import annotations

from flask.testing import FlaskClient

from crm.automation import queries
from crm.automation.models import Workflow
from crm.automation.operations import edit, enroll
from crm.database import commit, db
from tests.automation.paths import contacts, draft, run, running
from tests.factories import contact, tag

WAIT = ("wait_duration", {"duration": 1, "unit": "days"})


def test_a_trigger_is_chosen_with_its_own_form(as_mo: FlaskClient) -> None:
    version, made = draft(trigger=None), tag()
    path = f"/workflows/{version.workflow_id}/trigger?type=tag_added"
    assert "Interested" in as_mo.get(path).text
    assert as_mo.post(path, data={"tag_id": made.id}).status_code == 303
    assert (version.trigger_type, version.trigger_conditions) == ("tag_added", {"tag_id": made.id})


def test_a_trigger_with_a_bad_filter_says_so(as_mo: FlaskClient) -> None:
    version = draft(trigger=None)
    reply = as_mo.post(f"/workflows/{version.workflow_id}/trigger?type=student_created", data={"country": "Nowhere"})
    assert reply.status_code == 422
    assert version.trigger_type is None


def test_how_often_a_contact_may_enter(as_mo: FlaskClient) -> None:
    version = draft()
    path = f"/workflows/{version.workflow_id}/entry"
    assert as_mo.post(path, data={"reentry": "after_days", "days": "30"}).status_code == 303
    assert version.entry_settings == {"reentry": "after_days", "days": 30}
    assert as_mo.post(path, data={"reentry": "after_days"}).status_code == 422


def test_a_goal_is_chosen_and_said(as_mo: FlaskClient) -> None:
    version = draft()
    path = f"/workflows/{version.workflow_id}/entry"
    as_mo.post(path, data={"reentry": "never", "days": "", "goal": "email_clicked"})
    assert version.goal == {"event": "email_clicked"}
    assert "until the goal “Link clicked” is reached" in as_mo.get(f"/workflows/{version.workflow_id}").text
    assert as_mo.post(path, data={"reentry": "never", "goal": "world_peace"}).status_code == 422


def test_a_fault_stands_against_activation_and_is_linked_to_its_step(as_mo: FlaskClient) -> None:
    version = draft(("send_email", {}))
    step_id = queries.steps_of(version)[0].id
    page = as_mo.get(f"/workflows/{version.workflow_id}/activation").text
    assert "1 thing to put right first" in page
    assert f"/steps/{step_id}" in page
    assert as_mo.post(f"/workflows/{version.workflow_id}/activation").status_code == 422
    assert version.workflow.status == "draft"


def test_activation_publishes_and_starts(as_mo: FlaskClient) -> None:
    version = draft(WAIT)
    assert as_mo.post(f"/workflows/{version.workflow_id}/activation").status_code == 303
    assert (version.workflow.status, version.workflow.published_id) == ("active", version.id)


def test_those_who_match_already_are_counted_and_come_in_if_wanted(as_mo: FlaskClient) -> None:
    contact()
    version = draft(WAIT, trigger="student_created")
    path = f"/workflows/{version.workflow_id}/activation"
    assert "1 contact already matches" in as_mo.get(path).text
    as_mo.post(path, data={"already": "take"})
    assert version.workflow.intake_after_id == 0


def test_somebody_elses_change_stops_the_activation(as_mo: FlaskClient) -> None:
    version = draft(WAIT)
    reply = as_mo.post(f"/workflows/{version.workflow_id}/activation", data={"revision": version.revision - 1})
    assert reply.status_code == 409
    assert version.workflow.status == "draft"


def test_editing_a_running_workflow_leaves_it_running(as_mo: FlaskClient) -> None:
    workflow = running(WAIT)
    published = workflow.published_id
    as_mo.post(f"/workflows/{workflow.id}/draft")
    as_mo.post(f"/workflows/{workflow.id}/draft")
    assert queries.draft_of(workflow).number == 2
    assert (workflow.status, workflow.published_id) == ("active", published)
    assert "This is the draft of version 2" in as_mo.get(f"/workflows/{workflow.id}").text


def test_publishing_says_who_waits_where(as_mo: FlaskClient) -> None:
    workflow = in_flight()
    page = as_mo.get(f"/workflows/{workflow.id}/activation").text
    assert "2 on their way now" in page
    assert "2 at step 1, Wait: Wait 1 day" in page


def in_flight() -> Workflow:
    """A workflow with two contacts waiting, and a draft of its next version."""
    workflow = running(WAIT)
    enroll(workflow, contacts(2))
    commit()
    run()
    edit(workflow)
    commit()
    return workflow


def test_a_draft_can_be_thrown_away_but_not_the_only_one(as_mo: FlaskClient) -> None:
    workflow = in_flight()
    as_mo.post(f"/workflows/{workflow.id}/draft/discard")
    assert queries.draft_of(workflow) is None
    only = draft()
    page = as_mo.post(f"/workflows/{only.workflow_id}/draft/discard", follow_redirects=True).text
    assert "its draft is all there is" in page
    db.session.expire_all()
    assert queries.draft_of(only.workflow)
