"""Put the contact into an audience."""

from crm.audiences.queries import audiences_of
from crm.automation.decisions import AddToAudience
from crm.automation.operations import enroll
from crm.automation.types import STEPS
from crm.database import commit
from tests import factories
from tests.automation import paths
from tests.automation.kit import decide, problems

PARIS = {"match": "all", "conditions": [{"field": "city", "operator": "equals", "value": "Paris"}]}


def test_it_adds_to_the_audience(app):
    assert decide("add_to_audience", {"audience_id": 3}).effects == (AddToAudience(3),)


def test_it_takes_an_id_or_a_slug_of_a_static_audience(app):
    regulars, paris = factories.audience(), factories.audience("Paris", PARIS)
    assert problems("add_to_audience", {"audience_id": "regulars"}) == {}
    assert STEPS["add_to_audience"].cleaned({"audience_id": "regulars"}) == {"audience_id": regulars.id}
    assert "filled by its condition" in problems("add_to_audience", {"audience_id": paris.id})["audience_id"]
    for bad in (99, "nobody", None, "", [], True, 10**30):
        assert problems("add_to_audience", {"audience_id": bad}).keys() == {"audience_id"}, bad


def test_who_comes_by_is_in_it_once(app):
    carla, regulars = factories.contact(), factories.audience()
    step = ("add_to_audience", {"audience_id": regulars.id})
    enroll(paths.running(step, step), [carla.id])
    commit()
    paths.run()
    assert (paths.enrollment().status, regulars.member_count) == ("completed", 1)
    assert audiences_of(carla) == [regulars]
