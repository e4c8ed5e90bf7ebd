"""Who may come in, and how often."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, TaskCompleted
from crm.automation import intake
from crm.automation.models import Enrollment, Workflow
from crm.automation.operations import (
    Refused,
    activate,
    archive,
    enroll,
    exit_enrollment,
    pause,
    retry_enrollment,
    set_entry,
    set_goal,
)  # fmt: skip
from crm.automation.queries import matching_already
from crm.database import commit, db
from crm.lib import clock
from crm.tags.operations import tag_contacts
from tests import factories
from tests.automation import paths

WAIT = ("wait_duration", {"duration": 1, "unit": "days"})
TASK = ("create_task", {"title": "Call"})


def workflow(reentry: str, days: int | None = None, *steps: object) -> Workflow:
    version = paths.draft(*(steps or (TASK,)))
    set_entry(version, reentry, days)
    activate(version.workflow)
    commit()
    return version.workflow


def runs() -> list[str]:
    return [each.entry_key for each in db.session.query(Enrollment).order_by(Enrollment.id)]


def test_once_ever_is_once_ever(app):
    carla, once = factories.contact(), workflow("never")
    assert enroll(once, [carla.id, carla.id]) == [carla.id]
    commit()
    paths.run()
    assert enroll(once, [carla.id]) == []
    assert runs() == [""]


def test_again_after_finishing(app):
    carla, again = factories.contact(), workflow("after_finish")
    for _ in range(2):
        enroll(again, [carla.id])
        enroll(again, [carla.id])
        commit()
        paths.run()
    assert runs() == ["", "2"]


def test_again_after_some_days(app):
    carla, weekly = factories.contact(), workflow("after_days", 7)
    enroll(weekly, [carla.id])
    commit()
    paths.run()
    assert enroll(weekly, [carla.id], now=clock.now() + timedelta(days=6)) == []
    assert enroll(weekly, [carla.id], now=clock.now() + timedelta(days=8)) == [carla.id]


@pytest.mark.parametrize("reentry", ["never", "after_finish"])
def test_many_at_the_same_moment_enroll_once(app, reentry):
    carla, again = factories.contact(), workflow(reentry, None, WAIT)
    workflow_id, contact_id = again.id, carla.id
    start, came = threading.Barrier(8), []

    def come() -> None:
        with app.app_context():
            start.wait()
            came.extend(enroll(db.session.get_one(Workflow, workflow_id), [contact_id]))
            commit()
            db.session.remove()

    threads = [threading.Thread(target=come) for _ in range(8)]
    db.session.remove()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came == [contact_id]
    assert runs() == [""]
    assert db.session.get_one(Workflow, workflow_id).total_enrolled == 1


def test_only_an_active_workflow_takes_people_in(app):
    carla, once = factories.contact(), workflow("never")
    pause(once)
    with pytest.raises(Refused, match="not active"):
        enroll(once, [carla.id])
    archive(once)
    with pytest.raises(Refused, match="not active"):
        enroll(once, [carla.id])


def test_contacts_that_do_not_exist_are_left_out(app):
    carla = factories.contact()
    assert enroll(workflow("never"), [carla.id, 99, 2**40]) == [carla.id]


def test_someone_taken_out_stays_out(app):
    carla, once = factories.contact(), workflow("never", None, WAIT, TASK)
    enroll(once, [carla.id])
    commit()
    paths.run()
    exit_enrollment(paths.enrollment(), "Asked to stop")
    exit_enrollment(paths.enrollment(), "Asked twice")
    commit()
    paths.run(clock.now() + timedelta(days=2))
    assert (paths.enrollment().status, paths.enrollment().exit_reason) == ("exited", "Asked to stop")
    with pytest.raises(Refused, match="Only a failed"):
        retry_enrollment(paths.enrollment())


def test_those_who_match_already_are_taken_in_when_asked(app, ada):
    hot = factories.tag("Hot")
    ids = paths.contacts(5)
    tag_contacts(hot, ids[:3], ada.actor)
    commit()
    paths.run()
    version = paths.draft(TASK, trigger="tag_added", tag_id=hot.id)
    assert matching_already(version) == 3
    activate(version.workflow, take_in=True)
    commit()
    while intake.take_in(limit=2):
        commit()
    assert {each.contact_id for each in db.session.query(Enrollment)} == set(ids[:3])
    assert intake.take_in() is False
    assert matching_already(paths.draft(TASK)) is None


def test_the_goal_ends_the_run_and_counts(app):
    carla = factories.contact()
    version = paths.draft(WAIT, TASK)
    set_goal(version, "task_completed")
    activate(version.workflow)
    enroll(version.workflow, [carla.id])
    commit()
    paths.run()
    emit(TaskCompleted(contact_id=carla.id, task="Call", by=Actor(name="Ada")))
    commit()
    paths.run()
    db.session.expire_all()
    assert (paths.enrollment().exit_reason, version.workflow.total_converted) == ("Goal reached", 1)
