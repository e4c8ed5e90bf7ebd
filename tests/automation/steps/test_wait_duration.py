"""Wait for a length of time."""

from datetime import timedelta

import pytest

from crm.automation.decisions import Next, WaitUntil
from crm.automation.operations import enroll
from crm.database import commit
from crm.lib import clock
from tests import factories
from tests.automation import paths
from tests.automation.kit import NOW, decide, problems


def test_it_waits_from_the_moment_of_arrival(app):
    assert decide("wait_duration", {"duration": 3, "unit": "hours"}).go == WaitUntil(NOW + timedelta(hours=2))


def test_it_lets_go_when_the_time_is_over(app):
    assert decide("wait_duration", {"duration": 1, "unit": "hours"}).go == Next()


@pytest.mark.parametrize(
    "config", [{}, {"duration": 0}, {"duration": -1}, {"duration": "long"}, {"duration": 2.5}, {"duration": 10**30}]
)
def test_a_wait_of_nothing_is_refused(app, config):
    assert "duration" in problems("wait_duration", {"unit": "days", **config})


def test_an_unknown_unit_is_refused(app):
    assert "unit" in problems("wait_duration", {"duration": 1, "unit": "fortnights"})


def test_it_holds_the_contact_and_remembers_why(app):
    carla, now = factories.contact(), clock.now()
    workflow = paths.running(("wait_duration", {"duration": 3, "unit": "days"}), ("create_task", {"title": "Call"}))
    enroll(workflow, [carla.id])
    commit()
    paths.run(now + timedelta(minutes=1))
    enrolled = paths.enrollment()
    [visit] = paths.visits(enrolled)
    assert (enrolled.status, visit.status, visit.result["why"]) == ("active", "pending", "Waits 3 days")
    paths.run(now + timedelta(days=2))
    assert paths.enrollment().status == "active"
    paths.run(now + timedelta(days=3, minutes=2))
    assert paths.enrollment().status == "completed"
    assert [(each.visit_no, each.status) for each in paths.visits(enrolled)] == [(1, "completed"), (2, "completed")]
