"""Leave the workflow."""

from crm.automation.decisions import Exit
from crm.automation.operations import enroll
from crm.database import commit
from tests import factories
from tests.automation import paths
from tests.automation.kit import decide, problems


def test_it_ends_with_its_reason(app):
    assert decide("exit_workflow", {"reason": "Not interested"}).go == Exit("Not interested")


def test_a_reason_may_be_left_out_but_not_be_a_novel(app):
    assert problems("exit_workflow", {}) == {}
    assert problems("exit_workflow", {"reason": "x" * 201}).keys() == {"reason"}


def test_what_follows_is_not_done(app):
    carla = factories.contact()
    enroll(paths.running(("exit_workflow", {}), ("create_task", {"title": "Never"})), [carla.id])
    commit()
    paths.run()
    enrolled = paths.enrollment()
    assert (enrolled.status, enrolled.exit_reason, len(paths.visits(enrolled))) == ("exited", "Reached an exit", 1)
