"""Take the contact out of an audience."""

from crm.audiences.operations import add_to_audience, delete_audience
from crm.audiences.queries import audiences_of
from crm.automation.decisions import RemoveFromAudience
from crm.automation.operations import enroll
from crm.database import commit
from tests import factories
from tests.automation import paths
from tests.automation.kit import decide, problems


def test_it_takes_out_of_the_audience(app):
    assert decide("remove_from_audience", {"audience_id": 3}).effects == (RemoveFromAudience(3),)
    assert problems("remove_from_audience", {"audience_id": 3}).keys() == {"audience_id"}


def test_who_comes_by_is_in_it_no_more(ada):
    carla, regulars = factories.contact(), factories.audience()
    add_to_audience(regulars, [carla.id], ada.actor)
    step = ("remove_from_audience", {"audience_id": regulars.id})
    enroll(paths.running(step, step), [carla.id])
    commit()
    paths.run()
    assert (paths.enrollment().status, audiences_of(carla)) == ("completed", [])


def test_a_deleted_audience_fails_with_words(app):
    carla, regulars = factories.contact(), factories.audience()
    workflow = paths.running(("remove_from_audience", {"audience_id": regulars.id}))
    delete_audience(regulars)
    enroll(workflow, [carla.id])
    commit()
    paths.run()
    assert paths.enrollment().exit_reason == "The audience was deleted."
