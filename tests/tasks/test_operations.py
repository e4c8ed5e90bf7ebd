"""Tasks are made, ticked off once, and the timeline knows."""

from datetime import date, time

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Actor
from crm.database import commit, db
from crm.tasks import operations, queries
from crm.tasks.models import Task
from crm.tasks.operations import NewTask, Refused
from tests import factories


def kinds():
    return list(db.session.scalars(sa.select(ContactActivity.activity_type).order_by(ContactActivity.id)))


@pytest.fixture
def task(app):
    return operations.create_task(NewTask(factories.contact().id, "  Call \n Carla "))


def test_many_are_made_at_once_and_announced(ada):
    carla = factories.contact()
    ids = operations.create_tasks([NewTask(carla.id, f"Task {each}", by=Actor("Workflow")) for each in range(3)])
    assert [db.session.get(Task, each).title for each in ids] == ["Task 0", "Task 1", "Task 2"]
    assert kinds() == ["task_created"] * 3
    assert operations.create_tasks([]) == []


def test_a_long_title_of_a_workflow_is_cut_and_of_a_person_refused(app):
    carla = factories.contact()
    made = operations.create_tasks([NewTask(carla.id, "x" * 300)])
    assert len(db.session.get(Task, made[0]).title) == 255
    with pytest.raises(Refused) as refused:
        operations.create_task(NewTask(carla.id, "x" * 300))
    assert "title" in refused.value.problems


@pytest.mark.parametrize(
    ("values", "field"),
    [({"title": " "}, "title"), ({"priority": "x"}, "priority"), ({"due_time": time(9)}, "due_date")],
)
def test_what_cannot_be_is_refused_by_field(app, values, field):
    with pytest.raises(Refused) as refused:
        operations.create_task(NewTask(**{"contact_id": 1, "title": "Call", **values}))
    assert list(refused.value.problems) == [field]


def test_a_title_is_tidied(task):
    assert task.title == "Call Carla"


def test_it_is_completed_once(task):
    assert operations.complete_task(task, Actor("Ada")) is True
    assert operations.complete_task(task, Actor("Ada")) is False
    assert (task.status, task.completed_at is not None) == ("completed", True)
    assert kinds() == ["task_created", "task_completed"]


def test_it_is_reopened(task):
    assert operations.reopen_task(task) is False
    operations.complete_task(task, Actor("Ada"))
    assert operations.reopen_task(task) is True
    assert (task.status, task.completed_at) == ("pending", None)


def test_it_is_changed(task, mo):
    operations.update_task(
        task, "Write", due_date=date(2026, 12, 1), due_time=time(9), priority="high", assigned_to=mo.id
    )
    assert (task.title, task.due_date, task.priority, task.assigned_to) == ("Write", date(2026, 12, 1), "high", mo.id)
    with pytest.raises(Refused):
        operations.update_task(task, "")


def test_pages_follow_each_other_dated_first(ada):
    carla = factories.contact()
    days = [date(2026, 1, 1 + each % 20) for each in range(70)] + [None] * 60
    operations.create_tasks([NewTask(carla.id, f"T{each}", due_date=day) for each, day in enumerate(days)])
    commit()
    seen, after = [], None
    while True:
        page = queries.task_page(ada, "all", after=after)
        seen += page.tasks
        if (after := page.after) is None:
            break
    assert len(seen) == len({each.id for each in seen}) == 130
    order = [each.due_date or date.max for each in seen]
    assert order == sorted(order)


def test_done_pages_follow_each_other_newest_first(ada):
    carla = factories.contact()
    for each in operations.create_tasks([NewTask(carla.id, f"T{each}") for each in range(60)]):
        operations.complete_task(db.session.get(Task, each), ada.actor)
    first = queries.task_page(ada, "all", "done")
    rest = queries.task_page(ada, "all", "done", first.after)
    ids = [each.id for each in [*first.tasks, *rest.tasks]]
    assert ids == list(range(60, 0, -1))


@pytest.mark.parametrize(
    "after", ["x", "2026-99-99~1", "~x", "2026-01-01~", "2026-01-01T00:00~1", "~99999999999999999999999"]
)
def test_a_place_that_cannot_be_read_is_the_beginning(ada, after):
    for state in ("open", "done"):
        queries.task_page(ada, "all", state, after)


@pytest.mark.parametrize(
    ("condition", "order", "index"),
    [
        (queries.IS_OPEN, (Task.due_date, Task.id), "ix_contact_tasks_open"),
        (queries.IS_DONE, (Task.completed_at.desc(), Task.id.desc()), "ix_contact_tasks_done"),
    ],
)
def test_the_lists_walk_their_indexes(ada, condition, order, index):
    statement = queries.visible_tasks(ada).where(condition).order_by(*order).limit(51)
    text = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = [row[3] for row in db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]
    assert any(index in line for line in plan)
    assert not any("TEMP B-TREE" in line for line in plan)
