"""Workflows as documents."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.automation import queries
from crm.automation.document_shape import shape
from crm.automation.documents import BadDocument, export_document, import_document
from crm.automation.models import Workflow
from crm.automation.operations import activate
from crm.database import commit, db
from crm.tags.models import Tag

WELCOME = {
    "name": "Welcome",
    "trigger": {"type": "tag_added", "conditions": {"tag_id": "interested"}},
    "entry": {"reentry": "never"},
    "steps": [
        {
            "type": "send_email",
            "config": {"subject": "Hello {{ contact.first_name }}", "content": "Welcome to the school."},
        },
        {"type": "wait_duration", "config": {"duration": 3, "unit": "days"}},
        {
            "type": "condition",
            "config": {"match": "all", "conditions": [{"field": "last_email_opened", "operator": "is_set"}]},
            "yes": [{"type": "add_tag", "config": {"tag_id": "engaged"}}],
            "no": [
                {
                    "type": "create_task",
                    "config": {"title": "Call {{ contact.first_name }}", "due_in_days": 1, "assignee": "owner"},
                }
            ],
        },
        {
            "id": "click",
            "type": "wait_for_event",
            "config": {"event_type": "email_clicked", "timeout": 2, "unit": "days"},
            "happened": [{"type": "exit_workflow", "config": {"reason": "Clicked"}}],
        },
    ],
}


def version_of(workflow: Workflow):
    return queries.draft_of(workflow) or queries.published_of(workflow)


def paths_of(document) -> list[str]:
    with pytest.raises(BadDocument) as refused:
        import_document(document)
    assert db.session.query(Workflow).count() == 0
    return [each.path for each in refused.value.problems]


def test_it_is_imported_as_a_draft_that_can_be_activated(app):
    workflow = import_document(WELCOME)
    commit()
    assert (workflow.status, len(queries.steps_of(version_of(workflow)))) == ("draft", 7)
    activate(workflow)


def test_tags_that_are_missing_are_made(app):
    document = json.loads(json.dumps(WELCOME))
    document["steps"][2]["config"]["conditions"].append({"field": "tags", "operator": "contains", "value": "keen"})
    import_document(document)
    assert {each.slug for each in db.session.query(Tag)} == {"interested", "engaged", "keen"}


def test_there_and_back_it_is_the_same(app):
    exported = export_document(version_of(import_document(WELCOME)))
    priority = exported["steps"][2]["no"][0]["config"].pop("priority", "medium")
    assert (exported, priority) == (WELCOME, "medium")
    assert export_document(version_of(import_document(exported)))["steps"][:2] == WELCOME["steps"][:2]


def test_every_problem_is_told_with_its_path(app):
    bad = {
        "name": "",
        "colour": "red",
        "trigger": {"type": "full_moon"},
        "entry": {"reentry": "sometimes"},
        "goal": {"event": "nirvana"},
        "steps": [
            {"type": "levitate"},
            "step",
            {"type": "condition", "config": {}, "maybe": []},
            {"id": "a", "type": "exit_workflow"},
            {"id": "a", "type": "exit_workflow", "config": []},
        ],
    }
    assert set(paths_of(bad)) == {
        "/name", "/colour", "/trigger/type", "/entry/reentry", "/goal/event", "/steps/0/type", "/steps/1/type",
        "/steps/2/maybe", "/steps/4/id",
    }  # fmt: skip


def test_bad_configurations_are_told_with_their_path_and_nothing_is_made(app):
    document = {
        "name": "Welcome",
        "trigger": {"type": "tag_added", "conditions": {"tag_id": "new-tag", "size": 3}},
        "steps": [
            {"type": "wait_duration", "config": {"duration": 0, "unit": "days"}},
            {"type": "condition", "config": {}, "yes": [{"type": "send_email", "config": {"template_id": "gone"}}]},
        ],
    }
    assert paths_of(document) == [
        "/trigger/conditions/size", "/steps/0/config/duration", "/steps/1/config", "/steps/1/yes/0/config/template_id",
    ]  # fmt: skip
    assert db.session.query(Tag).count() == 0


def test_a_document_is_bounded(app):
    step = {"type": "exit_workflow"}
    assert "/steps" in paths_of({"name": "Long", "steps": [step] * 501})
    deep = {"type": "condition", "yes": []}
    for _ in range(30):
        deep = {"type": "condition", "yes": [deep]}
    assert paths_of({"name": "Deep", "steps": [deep]})


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["type", "config", "yes", "conditions", "id", "event"]) | st.text(), inner)
    ),
    max_leaves=15,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    document=st.dictionaries(st.sampled_from(["name", "trigger", "entry", "goal", "steps", "x"]), anything) | anything
)
def test_no_json_breaks_it(app, document):
    shape(document)
    with contextlib.suppress(BadDocument):
        import_document(document)
    db.session.rollback()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    config=anything,
    kind=st.sampled_from(["send_email", "wait_duration", "wait_for_event", "condition", "add_tag", "create_task"]),
)
def test_no_configuration_breaks_it(app, config, kind):
    with contextlib.suppress(BadDocument):
        import_document({"name": "Any", "steps": [{"type": kind, "config": config}]})
    db.session.rollback()
