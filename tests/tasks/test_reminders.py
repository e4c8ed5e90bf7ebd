"""A reminder goes out once, to whom the task is for, and can be put off or taken back."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.lib import clock
from crm.notifications.models import Notification
from crm.tasks import operations, reminders
from crm.tasks.jobs import remind_of_tasks
from crm.tasks.models import Task
from crm.tasks.operations import NewTask
from tests import factories

FRIDAY = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


@pytest.fixture
def task(mo):
    made = operations.create_task(
        NewTask(
            factories.contact().id,
            "Call",
            due_date=date(2026, 11, 20),
            assigned_to=mo.id,
            by=mo.actor,
            reminder_at=FRIDAY,
        )
    )
    commit()
    return made


def told():
    found = sa.select(Notification.user_id, Notification.title, Notification.action_url)
    return [tuple(row) for row in db.session.execute(found.where(Notification.type == "task_reminder"))]


def test_it_goes_out_once_when_its_moment_has_come(task, mo):
    assert reminders.remind(FRIDAY - timedelta(minutes=1)) == 0
    assert reminders.remind(FRIDAY) == 1
    assert reminders.remind(FRIDAY) == 0
    assert told() == [(mo.id, "Reminder: Call", f"/tasks/{task.id}")]


def test_the_clock_sends_it(task):
    task.reminder_at = clock.now()
    commit()
    remind_of_tasks()
    remind_of_tasks()
    assert len(told()) == 1


def test_without_an_assignee_it_goes_to_who_wrote_it(task, ada):
    task.assigned_to, task.created_by = None, ada.id
    commit()
    reminders.remind(FRIDAY)
    assert told()[0][0] == ada.id


@pytest.mark.parametrize(
    "ending", [operations.complete_task, operations.cancel_task, lambda task, _by: operations.delete_task(task)]
)
def test_what_need_not_be_done_reminds_nobody(task, mo, ending):
    ending(task, mo.actor)
    assert reminders.remind(FRIDAY) == 0


def test_another_moment_reminds_anew(task):
    reminders.remind(FRIDAY)
    db.session.refresh(task)
    operations.update_task(task, "Call", assigned_to=task.assigned_to, reminder_at=FRIDAY + timedelta(days=1))
    assert reminders.remind(FRIDAY + timedelta(days=1)) == 1


def test_putting_off_moves_what_would_be_late(task):
    until = FRIDAY + timedelta(days=3)
    assert reminders.snooze_tasks([task], until) == 1
    assert (task.reminder_at, task.due_date) == (until, date(2026, 11, 23))
    operations.complete_task(task, operations.SYSTEM)
    assert reminders.snooze_tasks([task], until) == 0


@pytest.mark.parametrize(
    ("choice", "there"),
    [
        ("hour", "2026-11-20 16:30"),
        ("tomorrow", "2026-11-21 09:00"),
        ("monday", "2026-11-23 09:00"),
        ("week", "2026-11-27 09:00"),
    ],
)
def test_the_choices_mean_the_clock_of_who_chooses(choice, there):
    until = clock.local(reminders.snoozed_until(choice, FRIDAY, "Europe/Madrid"), "Europe/Madrid")
    assert f"{until:%Y-%m-%d %H:%M}" == there


def test_a_reminder_is_set_on_the_users_own_clock(as_mo, mo, task):
    mo.timezone = "Europe/Madrid"
    values = {"title": "Call", "priority": "medium", "assigned_to": str(mo.id), "remind": "2026-12-01T09:00"}
    as_mo.post(f"/tasks/{task.id}", data=values)
    assert db.session.get(Task, task.id).reminder_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert 'value="2026-12-01T09:00"' in as_mo.get(f"/tasks/{task.id}").text


@pytest.mark.parametrize("at", [datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 12, 1, 8, 0, 30, tzinfo=UTC)])
def test_a_reminder_left_as_it_is_shown_stays_and_does_not_come_again(as_mo, mo, task, at):
    mo.timezone, task.reminder_at, task.reminded_at = "Europe/Berlin", at, at
    commit()
    shown = f"{clock.local(at, mo.timezone):%Y-%m-%dT%H:%M}"
    assert f'value="{shown}"' in as_mo.get(f"/tasks/{task.id}").text
    as_mo.post(f"/tasks/{task.id}", data={"title": "Call again", "priority": "medium", "remind": shown})
    assert (task.title, task.reminder_at, task.reminded_at) == ("Call again", at, at)


def test_it_is_put_off_and_taken_back_on_screen(as_mo, as_agnes, task):
    at = f"/tasks/{task.id}/reminder"
    as_mo.post(f"{at}?choice=tomorrow")
    assert db.session.get(Task, task.id).reminder_at > clock.now()
    assert as_mo.post(f"{at}?choice=off&on=contact").location == f"/contacts/{task.contact_id}"
    assert db.session.get(Task, task.id).reminder_at is None
    assert as_mo.post(f"{at}?choice=never").status_code == 400
    assert as_agnes.post(f"{at}?choice=off").status_code == 404


def test_it_stands_on_top_of_the_timeline_until_it_went_out(as_mo, task):
    task.reminder_at = clock.now() + timedelta(days=1)
    page = as_mo.get(f"/contacts/{task.contact_id}/timeline").text
    assert ("Scheduled" in page, "Reminder: Call" in page, "due <time" in page) == (True, True, False)
    task.reminder_at = clock.now() - timedelta(minutes=5)
    assert "due <time" in as_mo.get(f"/contacts/{task.contact_id}/timeline").text
    reminders.remind(clock.now() + timedelta(days=2))
    assert "Reminder: Call" not in as_mo.get(f"/contacts/{task.contact_id}/timeline").text


def test_late_is_what_its_hour_has_passed(task):
    here = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert task.is_overdue(here) is False
    task.due_time = time(11, 59)
    assert (task.is_overdue(here), task.is_overdue(datetime(2026, 11, 20, 11, 0, tzinfo=UTC))) == (True, False)
