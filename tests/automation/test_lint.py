"""What is found before a workflow runs."""

from __future__ import annotations

import pytest

from crm.automation.lint import lint
from crm.automation.models import Step
from crm.automation.operations import Refused, activate, add_step, resume
from crm.automation.queries import steps_of
from crm.automation.types import STEPS
from crm.database import commit, db
from tests import factories
from tests.automation import paths
from tests.automation.test_engine import Again

TASK = ("create_task", {"title": "Call"})
IF = {"match": "all", "conditions": [{"field": "email", "operator": "is_set"}]}


def found(version) -> list[tuple[str, str]]:
    return [(each.level, each.text) for each in lint(version)]


def test_a_good_workflow_has_no_findings(app):
    assert found(paths.draft(TASK)) == []


def test_no_trigger_and_no_steps(app):
    texts = [text for _, text in found(paths.draft(trigger=None))]
    assert texts == ["Choose what starts the workflow.", "Add a step: the workflow does nothing yet."]


def test_each_finding_names_its_step(app):
    version = paths.draft(TASK, ("send_email", {}), ("wait_duration", {"duration": 0, "unit": "days"}))
    second, third = steps_of(version)[1:]
    assert {each.step_id for each in lint(version)} == {second.id, third.id}
    assert all(each.is_error for each in lint(version))


def test_a_deleted_tag_is_found(app):
    tag = factories.tag()
    version = paths.draft(("add_tag", {"tag_id": tag.id}), trigger="tag_added", tag_id=tag.id)
    assert found(version) == []
    db.session.delete(tag)
    commit()
    assert len(found(version)) == 2


def test_an_unknown_merge_tag_is_found(app):
    [(level, text)] = found(paths.draft(("create_task", {"title": "Call {{ contact.shoe_size }}"})))
    assert level == "error"
    assert "shoe_size" in text


def test_steps_behind_an_exit_are_out_of_reach(app):
    version = paths.draft(("exit_workflow", {}), TASK)
    assert found(version) == [("warning", "No contact can reach this step.")]
    activate(version.workflow)
    both = {"yes": [("exit_workflow", {})], "no": [("exit_workflow", {})]}
    assert found(paths.draft(("condition", IF, both), TASK)) == [("warning", "No contact can reach this step.")]
    assert found(paths.draft(("condition", IF, {"yes": [("exit_workflow", {})]}), TASK)) == []


def test_a_loop_needs_a_wait(app, monkeypatch):
    monkeypatch.setitem(STEPS, "again", Again())
    version = paths.draft()
    add_step(version, "create_task", {"title": "Call"}, key="start")
    add_step(version, "again")
    assert {text for _, text in found(version)} == {"From here the way leads back here without a wait."}
    add_step(version, "wait_duration", {"duration": 1, "unit": "days"}, position=1)
    assert {text for _, text in found(version)} == {"From here the way leads back here without a wait."}
    add_step(version, "wait_duration", {"duration": 1, "unit": "days"}, position=3)
    assert found(version) == []


def test_a_jump_to_nowhere_is_found(app, monkeypatch):
    monkeypatch.setitem(STEPS, "again", Again())
    assert ("error", "It jumps to a step “start” that does not exist.") in found(paths.draft(("again", {})))


def test_an_unknown_step_type_is_found(app):
    version = paths.draft(TASK)
    db.session.add(Step(version_id=version.id, step_order=2, step_type="levitate"))
    assert found(version) == [("error", "There is no step type “levitate”.")]


def test_errors_forbid_activation_and_nothing_is_published(app):
    version = paths.draft(("send_email", {}))
    with pytest.raises(Refused) as refused:
        activate(version.workflow)
    assert refused.value.findings
    assert (version.published_at, version.workflow.status) == (None, "draft")
    resume(version.workflow)
    assert version.workflow.status == "draft"
