"""Give somebody a task about the contact."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from crm.automation.operations import enroll
from crm.automation.types import STEPS
from crm.database import commit, db
from crm.tasks.models import Task
from tests import factories
from tests.automation import paths
from tests.automation.kit import decide, problems, view


def test_it_fills_in_the_title_and_leaves_code_in_names_alone(app):
    [task] = decide("create_task", {"title": "Call {{ contact.first_name }}"}).effects
    assert task.title == "Call Carla"
    facts = {**view().facts, "first_name": "{{ contact.email }}"}
    [task] = decide("create_task", {"title": "Call {{ contact.first_name }}"}, facts=facts).effects
    assert task.title == "Call {{ contact.email }}"


@pytest.mark.parametrize(("assignee", "user"), [("owner", 7), (None, 7), ("nobody", None), ("3", 3), (3, 3)])
def test_it_is_for_the_owner_a_user_or_nobody(app, assignee, user):
    [task] = decide("create_task", {"title": "Call", "assignee": assignee}).effects
    assert task.assigned_to == user


def test_the_due_day_is_counted_on_the_schools_calendar(app):
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    decision = STEPS["create_task"].decide(view(zone="Asia/Tokyo"), {"title": "Call", "due_in_days": 1}, late)
    assert decision.effects[0].due_date == date(2026, 3, 4)


def test_bad_settings_are_refused(app):
    bad = {"title": "Hi {{ contact.shoe_size }}", "due_in_days": -1, "priority": "whenever", "assignee": "99"}
    assert problems("create_task", bad).keys() == set(bad)
    assert problems("create_task", {}).keys() == {"title"}
    assert problems("create_task", {"title": "x", "colour": "red"}) == {"colour": "There is no such setting."}
    assert problems("create_task", [1]).keys() == {""}


def test_it_makes_one_task_for_each(app, agnes):
    ids = [factories.contact(email=f"c{n}@example.com", owner_id=agnes.id).id for n in range(3)]
    enroll(paths.running(("create_task", {"title": "Call {{ contact.email }}", "priority": "high"})), ids)
    commit()
    paths.run()
    tasks = db.session.scalars(sa.select(Task).order_by(Task.contact_id)).all()
    assert [(each.contact_id, each.title, each.assigned_to) for each in tasks] == [
        (number, f"Call c{place}@example.com", agnes.id) for place, number in enumerate(ids)
    ]
    linked = [paths.visits(paths.enrollment(contact_id=number))[0].result["task_id"] for number in ids]
    assert linked == [each.id for each in tasks]
