"""The board, many at once, and whom a task is given to."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.database import commit, db
from crm.lib import clock
from crm.notifications.models import Notification
from crm.tasks import operations, overview
from crm.tasks.models import Task
from crm.tasks.operations import NewTask, Refused
from tests import factories

PIECE = {"HX-Request": "true"}


@pytest.fixture
def tasks(ada):
    carla = factories.contact()
    ids = operations.create_tasks(
        [NewTask(carla.id, f"Task {each}", assigned_to=ada.id, by=ada.actor) for each in range(3)]
    )
    commit()
    return [db.session.get(Task, each) for each in ids]


def kinds():
    return list(db.session.scalars(sa.select(ContactActivity.activity_type).order_by(ContactActivity.id)))[3:]


def told():
    return [
        tuple(row)
        for row in db.session.execute(sa.select(Notification.user_id, Notification.title).order_by(Notification.id))
    ]


def statuses(tasks):
    return [db.session.get(Task, each.id).status for each in tasks]


def test_a_card_is_dropped_in_another_column(as_ada, tasks):
    move = {"whose": "all", "status": "in_progress", "card": str(tasks[1].id)}
    reply = as_ada.post("/tasks/board", data=move, headers=PIECE)
    assert ('id="board"' in reply.text, statuses(tasks)) == (True, ["pending", "in_progress", "pending"])
    as_ada.post("/tasks/board", data={"whose": "all", "status": "", "card": "", "to": f"{tasks[1].id}-completed"})
    as_ada.post("/tasks/board", data={"to": f"{tasks[1].id}-pending"})
    assert (statuses(tasks)[1], kinds()) == ("pending", ["task_completed", "task_reopened"])


@pytest.mark.parametrize(
    ("data", "code"), [({"to": "1-nowhere"}, 400), ({"to": "x-pending"}, 404), ({}, 404), ({"card": "9" * 30}, 404)]
)
def test_a_move_that_cannot_be_is_refused(as_ada, tasks, data, code):
    assert as_ada.post("/tasks/board", data=data).status_code == code


def test_the_board_shows_each_in_its_column(as_ada, ada, tasks):
    operations.complete_task(tasks[0], ada.actor)
    columns = overview.board(ada, "mine", clock.now())
    assert [(each.status, len(each.tasks)) for each in columns] == [
        ("pending", 2),
        ("in_progress", 0),
        ("completed", 1),
    ]
    assert "Task 0" in as_ada.get("/tasks/board").text
    assert "Task 0" not in as_ada.get("/tasks/board?whose=nobody").text
    assert len(overview.board(ada, "all", clock.now() + timedelta(days=20))[2].tasks) == 0


def test_many_are_completed_once(as_ada, tasks):
    ids = [str(each.id) for each in tasks]
    as_ada.post("/tasks/many", data={"ids": [*ids, "999", "x"], "do": "complete"})
    as_ada.post("/tasks/many", data={"ids": ids, "do": "complete"})
    assert (statuses(tasks), kinds()) == (["completed"] * 3, ["task_completed"] * 3)


def test_many_are_put_off_and_given_away(as_ada, mo, tasks):
    ids = [str(each.id) for each in tasks[:2]]
    back = {"back": "/tasks?whose=all"}
    assert as_ada.post("/tasks/many", data={"ids": ids, "do": "snooze-week", **back}).location == "/tasks?whose=all"
    assert as_ada.post("/tasks/many", data={"ids": ids, "do": f"assign-{mo.id}", "back": "//evil"}).location == "/tasks"
    assert [each.assigned_to for each in db.session.scalars(sa.select(Task).order_by(Task.id))] == [mo.id, mo.id, 1]
    assert told() == [(mo.id, "Ada gave you a task: Task 0"), (mo.id, "Ada gave you a task: Task 1")]
    as_ada.post("/tasks/many", data={"ids": ids, "do": "assign-999"})
    assert "Choose somebody" in as_ada.get("/tasks").text
    assert as_ada.post("/tasks/many", data={"ids": ids, "do": "nothing"}).status_code == 400


def test_many_touches_only_what_the_viewer_sees(as_agnes, agnes, tasks):
    ids = [str(each.id) for each in tasks]
    as_agnes.post("/tasks/many", data={"ids": ids, "do": "complete"})
    assert as_agnes.post("/tasks/board", data={"to": f"{ids[0]}-completed"}).status_code == 404
    for act in ("cancellation", "deletion", "restoration"):
        assert as_agnes.post(f"/tasks/{ids[0]}/{act}").status_code == 404
    assert statuses(tasks) == ["pending"] * 3
    assert overview.workload(agnes, clock.now()) == []
    assert overview.response_time(agnes, clock.now()) is None


def test_it_is_cancelled_once(as_ada, ada, tasks):
    as_ada.post(f"/tasks/{tasks[0].id}/cancellation")
    assert operations.cancel_task(tasks[0], ada.actor) is False
    assert (statuses(tasks)[0], kinds()) == ("cancelled", ["task_cancelled"])
    assert "Cancelled" in as_ada.get(f"/tasks/{tasks[0].id}").text


def test_who_is_given_a_task_is_told_but_not_of_their_own(ada, mo):
    carla = factories.contact()
    operations.create_task(NewTask(carla.id, "Mine", assigned_to=mo.id, by=mo.actor))
    assert told() == []
    operations.create_task(NewTask(carla.id, "Yours", assigned_to=mo.id, by=ada.actor))
    operations.create_tasks([NewTask(carla.id, "Automatic", assigned_to=mo.id)])
    assert [title for _, title in told()] == ["Ada gave you a task: Yours", "New task for you: Automatic"]


def test_nobody_is_given_a_task_whose_account_is_closed(ada, mo, tasks):
    mo.is_enabled = False
    db.session.flush()
    with pytest.raises(Refused):
        operations.assign_tasks(tasks, mo.id, ada.actor)


def test_the_response_time_is_from_made_to_done(as_ada, ada, tasks):
    for task, hours in zip(tasks, (2, 10, 48), strict=True):
        operations.complete_task(task, ada.actor)
        task.created_at = task.completed_at - timedelta(hours=hours)
    commit()
    found = overview.response_time(ada, clock.now())
    assert (found.count, found.average, found.share) == (3, timedelta(hours=20), 67)
    assert "Done in 20 hours on average, 67 % within a day" in as_ada.get("/tasks?state=done").text


def test_a_deleted_task_is_removed_for_good_after_thirty_days(tasks):
    operations.delete_task(tasks[0])
    assert operations.purge_tasks(clock.now() + timedelta(days=29)) == 0
    assert operations.purge_tasks(clock.now() + timedelta(days=31)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Task)) == 2
