"""Split the way by a condition."""

from crm.automation.decisions import Branch
from crm.automation.operations import enroll
from crm.automation.types import STEPS
from crm.database import commit
from tests import factories
from tests.automation import paths
from tests.automation.kit import decide, problems

IS_TAGGED = {"match": "all", "conditions": [{"field": "tags", "operator": "contains", "value": "interested"}]}


def test_it_sends_them_down_yes_or_no(app):
    assert decide("condition", IS_TAGGED, holds=True).go == Branch("yes")
    assert decide("condition", IS_TAGGED, holds=False).go == Branch("no")


def test_an_empty_or_broken_condition_is_refused(app):
    assert problems("condition", {}) == {"": "Say which contacts go down “Yes”."}
    assert problems("condition", IS_TAGGED).keys() == {"conditions/0/value"}
    assert problems("condition", {"match": "all", "conditions": [{"field": "shoe size"}]})
    assert problems("condition", 7)


def test_it_is_said_in_a_sentence(app):
    factories.tag()
    assert STEPS["condition"].summary(IS_TAGGED).startswith("If tag")
    assert STEPS["condition"].summary({}) == "If …"


def test_it_sees_what_the_step_before_did(app):
    carla, tag = factories.contact(), factories.tag()
    split = ("condition", IS_TAGGED, {"yes": [("exit_workflow", {"reason": "Tagged"})]})
    enroll(paths.running(("add_tag", {"tag_id": tag.id}), split), [carla.id])
    commit()
    paths.run()
    assert paths.enrollment().exit_reason == "Tagged"
