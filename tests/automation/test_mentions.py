"""A tag tells which workflows speak of it before it is deleted."""

import pytest

from crm.automation.mentions import workflows_with
from crm.automation.models import Step, Version, Workflow
from crm.database import db
from crm.tags.queries import mentioned
from tests import factories


def workflow(trigger, config, status="draft"):
    made = Workflow(name="Welcome", status=status)
    db.session.add(made)
    db.session.flush()
    version = Version(workflow_id=made.id, trigger_conditions=trigger)
    db.session.add(version)
    db.session.flush()
    db.session.add(Step(version_id=version.id, step_order=1, step_type="add_tag", step_config=config))
    db.session.commit()
    return made


@pytest.mark.parametrize(
    ("trigger", "config"),
    [
        ({"tag_id": 1}, {}),
        ({}, {"tag_id": "hot"}),
        (
            {},
            {
                "match": "all",
                "conditions": [
                    {"match": "any", "conditions": [{"field": "tags", "operator": "in_list", "value": ["hot"]}]}
                ],
            },
        ),
    ],
)
def test_a_trigger_a_step_and_a_condition_count(app, trigger, config):
    hot = factories.tag("Hot")
    made = workflow(trigger, config)
    with app.test_request_context():
        assert [(use.label, use.url) for use in workflows_with(mentioned(hot))] == [
            ("Workflow “Welcome”", f"/workflows/{made.id}")
        ]


def test_other_words_and_archived_workflows_do_not(app):
    hot = factories.tag("Hot")
    workflow({"tag_id": 2}, {"subject": "hot", "duration": 1})
    workflow({"tag_id": 1}, {}, status="archived")
    with app.test_request_context():
        assert workflows_with(mentioned(hot)) == []


def test_the_page_of_deletion_names_them(as_mo):
    hot = factories.tag("Hot")
    workflow({}, {"tag_id": hot.id})
    assert "Workflow “Welcome”" in as_mo.get(f"/tags/{hot.id}/deletion").text
