"""The engine keeps its promises: each visit once, whatever fails beside it, and never round and round."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from wtforms import BooleanField, Form

from crm.activity.models import ContactActivity
from crm.automation import engine, record
from crm.automation.decisions import CreateTask, Decision, GoTo, Next, WaitUntil
from crm.automation.models import Enrollment, Step, StepLog, Workflow
from crm.automation.operations import archive, enroll, pause, resume, retry_enrollment, skip_step
from crm.automation.step_type import StepType
from crm.automation.types import STEPS
from crm.automation.view import View
from crm.database import commit, db, rollback
from crm.lib import clock
from crm.tasks.models import Task
from tests import factories
from tests.automation import paths

TASK = ("create_task", {"title": "Call {{ contact.email }}"})


class PoisonForm(Form):
    late = BooleanField()


class Poison(StepType):
    """Breaks for one contact: when deciding, or only when what was decided is written."""

    kind, label, group, icon = "poison", "Poison", "Test", "point"
    Form = PoisonForm

    def decide(self, view: View, config: Any, now: datetime) -> Decision:
        if view.facts["email"] != "carla1@example.com":
            return Decision(Next(), "Fine")
        if config.get("late"):
            return Decision(Next(), "Too much", (CreateTask("Call", assigned_to=999),))
        raise ValueError("no such thing")


class Again(StepType):
    """Back to the step named `start`, after a while or at once."""

    kind, label, group, icon = "again", "Again", "Test", "point"

    def targets(self, config: Any) -> tuple[str, ...]:
        return ("start",)

    def decide(self, view: View, config: Any, now: datetime) -> Decision:
        until = view.arrived_at + timedelta(seconds=config.get("seconds", 0))
        return Decision(GoTo("start"), "Again") if now >= until else Decision(WaitUntil(until), "A moment")


@pytest.fixture(autouse=True)
def test_types(monkeypatch):
    monkeypatch.setitem(STEPS, "poison", Poison())
    monkeypatch.setitem(STEPS, "again", Again())


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def statuses() -> dict[str, int]:
    db.session.expire_all()
    rows = db.session.execute(sa.select(Enrollment.status, sa.func.count()).group_by(Enrollment.status))
    return dict(rows.all())


def entered(*steps: Any, number: int = 1) -> Workflow:
    workflow = paths.running(*steps)
    enroll(workflow, paths.contacts(number))
    commit()
    return workflow


def test_nothing_due_is_nothing_done(app):
    assert engine.process_due() == 0


def test_a_batch_cut_off_before_its_end_leaves_nothing_half_done(app, monkeypatch):
    entered(TASK, TASK, number=5)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(record, "write", cut_off)
        with pytest.raises(KeyboardInterrupt):
            engine.process_due()
    rollback()
    assert (count(Task), count(StepLog)) == (0, 0)
    paths.run()
    assert (count(Task), count(StepLog), statuses()) == (10, 10, {"completed": 5})


@pytest.mark.parametrize("config", [{}, {"late": True}])
def test_one_that_breaks_fails_alone_and_the_others_go_on(app, config):
    workflow = entered(TASK, ("poison", config), TASK, number=7)
    paths.run()
    assert statuses() == {"completed": 6, "failed": 1}
    broken = paths.enrollment(status="failed")
    assert broken.contact.email == "carla1@example.com"
    assert broken.exit_reason.startswith("IntegrityError" if config else "ValueError: no such thing")
    assert [each.status for each in paths.visits(broken)] == ["completed", "failed"]
    assert (count(Task), count(StepLog)) == (13, 20)
    assert db.session.get(Workflow, workflow.id).total_completed == 6


def test_one_that_cannot_even_be_logged_fails_all_the_same(app, monkeypatch):
    entered(TASK, number=3)
    write = record.write

    def breaks_for_one(batch: Any, now: datetime) -> None:
        if any(each.view.facts["email"] == "carla1@example.com" for each in batch):
            raise ValueError("cannot be written")
        write(batch, now)

    monkeypatch.setattr(record, "write", breaks_for_one)
    paths.run()
    assert statuses() == {"completed": 2, "failed": 1}
    assert paths.enrollment(status="failed").exit_reason == "ValueError: cannot be written"


def test_a_failed_one_can_try_again_or_skip_the_step(app):
    entered(("poison", {}), TASK, number=2)
    paths.run()
    broken = paths.enrollment(status="failed")
    broken.contact.email = "mended@example.com"
    retry_enrollment(broken)
    commit()
    paths.run()
    assert (paths.enrollment(id=broken.id).status, len(paths.visits(broken))) == ("completed", 3)


def test_a_failed_last_step_that_is_skipped_completes(app):
    entered(("poison", {}), number=2)
    paths.run()
    broken = paths.enrollment(status="failed")
    skip_step(broken)
    commit()
    paths.run()
    assert statuses() == {"completed": 2}


def test_a_wait_survives_a_restart_and_a_long_downtime(app):
    entered(("wait_duration", {"duration": 1, "unit": "hours"}), TASK)
    paths.run()
    db.session.remove()
    app.extensions.pop("automation_plans")
    paths.run(clock.now() + timedelta(days=30))
    paths.run(clock.now() + timedelta(days=30))
    assert (statuses(), count(Task)) == ({"completed": 1}, 1)


def test_an_endless_loop_is_stopped(app):
    workflow = paths.new_loop()
    enroll(workflow, paths.contacts(1))
    commit()
    for _ in range(10):
        engine.process_due()
    enrolled = paths.enrollment()
    assert (enrolled.status, enrolled.exit_reason) == ("failed", "Came to this step more than 100 times in a day")
    assert count(StepLog) <= 202


def test_a_loop_gives_the_others_their_turn(app):
    loop, task = paths.new_loop(), paths.running(TASK)
    carla = factories.contact()
    enroll(loop, [carla.id])
    enroll(task, [carla.id])
    commit()
    assert engine.process_due(limit=1) == 1
    assert paths.enrollment(workflow_id=loop.id).visit_no == engine.STEPS_PER_PASS
    assert engine.process_due(limit=1) == 1
    assert paths.enrollment(workflow_id=task.id).status == "completed"


def test_a_loop_that_takes_its_time_goes_on(app):
    workflow = paths.new_loop(seconds=3600)
    enroll(workflow, paths.contacts(1))
    commit()
    now = clock.now()
    for hour in range(0, 300, 2):
        engine.process_due(now + timedelta(hours=hour))
    assert statuses() == {"active": 1}


def test_an_unknown_step_fails_with_words(app, monkeypatch):
    entered(TASK)
    monkeypatch.delitem(STEPS, "create_task")
    app.extensions.pop("automation_plans", None)
    paths.run()
    assert paths.enrollment().exit_reason == "There is no step type “create_task”"


def test_a_step_that_is_gone_fails_with_words(app):
    entered(TASK, number=2)
    other = paths.draft(TASK)
    [step] = db.session.query(Step).filter_by(version_id=other.id)
    paths.enrollment().current_step_id = step.id
    commit()
    paths.run()
    assert statuses() == {"completed": 1, "failed": 1}
    assert paths.enrollment(status="failed").exit_reason == "The step does not exist any more"


def test_a_paused_workflow_holds_everyone_and_goes_on_where_it_was(app):
    workflow = entered(("wait_duration", {"duration": 1, "unit": "hours"}), TASK, number=3)
    paths.run()
    pause(workflow)
    pause(workflow)
    commit()
    paths.run(clock.now() + timedelta(hours=2))
    assert (statuses(), count(Task)) == ({"paused": 3}, 0)
    resume(workflow)
    commit()
    paths.run(clock.now() + timedelta(hours=2))
    assert (statuses(), count(Task)) == ({"completed": 3}, 3)


def test_an_archived_workflow_ends_everyone(app):
    workflow = entered(("wait_duration", {"duration": 1, "unit": "hours"}), number=3)
    paths.run()
    assert archive(workflow) == 3
    commit()
    assert (archive(workflow), statuses()) == (0, {"exited": 3})
    assert paths.visits(paths.enrollment())[0].status == "skipped"


@pytest.mark.parametrize(("status", "becomes"), [("paused", "paused"), ("archived", "exited")])
def test_one_that_was_on_the_move_when_its_workflow_stopped_follows(app, status, becomes):
    stopped = entered(TASK, number=2)
    stopped.status = status
    running = paths.running(TASK)
    enroll(running, [factories.contact(email="other@example.com").id])
    commit()
    assert engine.process_due(limit=2) == 1
    assert engine.process_due() == 0
    db.session.remove()
    assert statuses() == {becomes: 2, "completed": 1}


def test_a_workflow_that_keeps_failing_pauses_itself(app):
    tag = factories.tag()
    workflow = paths.running(("add_tag", {"tag_id": tag.id}))
    db.session.delete(tag)
    enroll(workflow, paths.contacts(30))
    commit()
    engine.process_due(limit=20)
    assert db.session.get(Workflow, workflow.id).status == "active"
    engine.process_due(limit=5)
    db.session.expire_all()
    paused = db.session.get(Workflow, workflow.id)
    assert (paused.status, paused.paused_reason) == ("paused", "Paused itself: 25 of its last 25 runs failed")
    assert statuses() == {"failed": 25, "paused": 5}


def test_its_totals_are_what_the_rows_say(app):
    workflow = entered(("poison", {}), number=4)
    paths.run()
    db.session.expire_all()
    workflow = db.session.get(Workflow, workflow.id)
    assert (workflow.total_enrolled, workflow.total_completed) == (count(Enrollment), 3)
    assert count(ContactActivity, ContactActivity.activity_type == "sequence_started") == 4
    assert count(ContactActivity, ContactActivity.activity_type == "sequence_completed") == 3
