"""Wait until the contact does something, or time runs out."""

from datetime import timedelta

from crm.activity.operations import emit, emit_all
from crm.activity.vocabulary import EmailClicked
from crm.automation import engine
from crm.automation.decisions import Branch, WaitFor
from crm.automation.operations import enroll
from crm.database import commit
from crm.lib import clock
from tests import factories
from tests.automation import paths
from tests.automation.kit import NOW, decide, problems

CLICK = {"event_type": "email_clicked", "timeout": 2, "unit": "days"}
HOUR = {"event_type": "email_clicked", "timeout": 1, "unit": "hours"}


def test_it_decides_by_event_and_time(app):
    assert decide("wait_for_event", CLICK).go == WaitFor("email_clicked", NOW + timedelta(hours=47))
    assert decide("wait_for_event", CLICK, has_event=True).go == Branch("happened")
    assert decide("wait_for_event", HOUR).go == Branch("timed_out")


def test_bad_settings_are_refused(app):
    assert problems("wait_for_event", {"event_type": "full_moon", "timeout": 0}).keys() >= {"event_type", "timeout"}
    assert problems("wait_for_event", CLICK) == {}


def waiting(app):
    """Carla, who waits for a click, and when she began to."""
    carla = factories.contact()
    happened, timed_out = [("exit_workflow", {"reason": "Clicked"})], [("exit_workflow", {"reason": "Silent"})]
    workflow = paths.running(("wait_for_event", CLICK, {"happened": happened, "timed_out": timed_out}))
    enroll(workflow, [carla.id])
    commit()
    paths.run()
    assert paths.enrollment().waiting_for == "email_clicked"
    return carla


def clicked(carla):
    return EmailClicked(contact_id=carla.id, subject_id=1, subject="Hello", url="https://school.example")


def test_the_event_wakes_her_at_once(app):
    carla = waiting(app)
    emit(clicked(carla))
    commit()
    paths.run()
    enrolled = paths.enrollment()
    assert enrolled.exit_reason == "Clicked"
    assert paths.visits(enrolled)[0].result["event_id"]


def test_silence_leads_the_other_way(app):
    waiting(app)
    paths.run(clock.now() + timedelta(days=2, minutes=1))
    assert paths.enrollment().exit_reason == "Silent"


def test_what_happened_before_does_not_count(app):
    carla = factories.contact()
    emit_all([clicked(carla)], clock.now() - timedelta(minutes=1))
    workflow = paths.running(("wait_for_event", CLICK))
    enroll(workflow, [carla.id])
    commit()
    engine.process_due()
    paths.run()
    assert paths.enrollment().status == "active"


def test_an_event_in_time_counts_though_it_is_told_late(app):
    carla = waiting(app)
    emit(clicked(carla))
    commit()
    while engine.process_due(clock.now() + timedelta(days=3)):
        pass
    assert paths.enrollment().exit_reason == "Clicked"
    paths.run()
    assert len(paths.visits(paths.enrollment())) == 2


def test_an_event_after_the_time_does_not_count_though_it_is_told_first(app):
    carla = waiting(app)
    emit_all([clicked(carla)], clock.now() + timedelta(days=2, hours=1))
    commit()
    paths.run(clock.now() + timedelta(days=3))
    assert paths.enrollment().exit_reason == "Silent"


def test_without_branches_she_simply_goes_on(app):
    carla = factories.contact()
    enroll(paths.running(("wait_for_event", CLICK), ("create_task", {"title": "Call"})), [carla.id])
    commit()
    paths.run()
    paths.run(clock.now() + timedelta(days=3))
    assert paths.enrollment().status == "completed"
