"""A contact walks through a workflow."""

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.automation.operations import enroll
from crm.database import commit, db
from crm.tags.models import Tagging
from crm.tasks.models import Task
from tests import factories
from tests.automation import paths


def test_it_takes_each_step_once_and_ends(app):
    carla, tag = factories.contact(), factories.tag()
    workflow = paths.running(
        ("add_tag", {"tag_id": tag.id}), ("create_task", {"title": "Call {{ contact.first_name }}"})
    )
    enroll(workflow, [carla.id])
    commit()
    paths.run()
    paths.run()
    enrolled = paths.enrollment()
    assert (enrolled.status, enrolled.visit_no, enrolled.current_step_id) == ("completed", 2, None)
    assert db.session.scalars(sa.select(Tagging.contact_id)).all() == [carla.id]
    assert db.session.scalars(sa.select(Task.title)).all() == ["Call Carla"]
    assert [each.status for each in paths.visits(enrolled)] == ["completed", "completed"]
    assert paths.visits(enrolled)[1].result["task_id"]


def test_its_timeline_tells_what_the_workflow_did(app):
    carla, tag = factories.contact(), factories.tag()
    enroll(paths.running(("add_tag", {"tag_id": tag.id})), [carla.id])
    commit()
    paths.run()
    told = db.session.execute(
        sa.select(ContactActivity.activity_type, ContactActivity.actor).order_by(ContactActivity.id)
    ).all()
    assert told == [(kind, "Workflow “Welcome”") for kind in ("sequence_started", "tag_added", "sequence_completed")]


def test_branches_meet_again_after_the_split(app):
    tag = factories.tag()
    carla, dora = factories.contact(), factories.contact(email="dora@example.com", first_name="Dora")
    is_carla = {"match": "all", "conditions": [{"field": "first_name", "operator": "equals", "value": "carla"}]}
    workflow = paths.running(
        (
            "condition",
            is_carla,
            {"yes": [("create_task", {"title": "Yes"})], "no": [("exit_workflow", {"reason": "Not her"})]},
        ),
        ("add_tag", {"tag_id": tag.id}),
    )
    enroll(workflow, [carla.id, dora.id])
    commit()
    paths.run()
    assert paths.enrollment(contact_id=carla.id).status == "completed"
    assert paths.enrollment(contact_id=dora.id).exit_reason == "Not her"
    assert db.session.scalars(sa.select(Tagging.contact_id)).all() == [carla.id]
    assert paths.visits(paths.enrollment(contact_id=carla.id))[0].result["branch"] == "yes"
