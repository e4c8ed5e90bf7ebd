"""Workflows through the API."""

import pytest
from openapi_schema_validator import OAS31Validator

from tests import factories
from tests.api.conftest import pointers

WELCOME = {
    "name": "Welcome",
    "trigger": {"type": "tag_added", "conditions": {"tag_id": "interested"}},
    "entry": {"reentry": "never"},
    "goal": {"event": "email_clicked"},
    "steps": [
        {"type": "wait_duration", "config": {"duration": 3, "unit": "days"}},
        {
            "type": "condition",
            "config": {"match": "all", "conditions": [{"field": "email", "operator": "is_set"}]},
            "yes": [{"type": "add_tag", "config": {"tag_id": "engaged"}}],
        },
    ],
}


@pytest.fixture
def flow(api):
    return api.post("/workflows", WELCOME).json


def test_a_document_comes_out_as_it_went_in(api, flow):
    assert (flow["status"], flow["has_draft"], flow["steps"][0]) == ("draft", True, WELCOME["steps"][0])
    assert {tag["slug"] for tag in api.get("/tags").json["data"]} == {"interested", "engaged"}
    again = api.post("/workflows", api.get(f"/workflows/{flow['id']}").json).json
    assert {key: again[key] for key in WELCOME} == {key: flow[key] for key in WELCOME}


def test_it_is_activated_paused_and_archived(api, flow):
    here = f"/workflows/{flow['id']}"
    for verb, status in (("activate", "active"), ("pause", "paused"), ("activate", "active"), ("archive", "archived")):
        assert [api.post(f"{here}/{verb}").json["status"] for _ in range(2)] == [status] * 2
    assert api.get("/workflows?status=active").json["data"] == []


def test_its_draft_is_replaced_while_it_runs(api, flow):
    here = f"/workflows/{flow['id']}"
    api.post(f"{here}/activate")
    shorter = {**api.get(here).json, "name": "Shorter", "steps": flow["steps"][:1]}
    changed = [api.open("PUT", here, shorter).json for _ in range(2)][1]
    assert (changed["status"], changed["has_draft"], changed["version"], len(changed["steps"])) == (
        "active",
        True,
        2,
        1,
    )
    assert pointers(api.open("PUT", here, {**shorter, "steps": [{"type": "fly"}]})) == ["/steps/0/type"]
    assert api.get(here).json["name"] == "Shorter"
    assert api.post(f"{here}/activate").json["has_draft"] is False


def test_what_forbids_activation_is_said_at_its_step(api):
    step = {"type": "exit_workflow", "config": {}}
    flow = api.post("/workflows", {"name": "Short", "steps": [step, step]}).json
    reply = api.post(f"/workflows/{flow['id']}/activate")
    assert reply.status_code == 422
    assert {"", "/steps/1"} <= set(pointers(reply))


def test_contacts_are_enrolled_as_far_as_the_rules_allow(api, flow, carla):
    here = f"/workflows/{flow['id']}"
    assert api.post(f"{here}/enroll", {"contact_ids": [carla.id]}).status_code == 409
    api.post(f"{here}/activate")
    first, second = (api.post(f"{here}/enroll", {"contact_ids": [carla.id, 99]}).json for _ in range(2))
    assert first == {"enrolled": [carla.id], "refused": [], "unknown": [99]}
    assert second == {"enrolled": [], "refused": [carla.id], "unknown": [99]}
    (run,) = api.get(f"/enrollments?workflow={flow['id']}&contact={carla.id}&status=active").json["data"]
    assert api.get(f"/enrollments/{run['id']}").json == run


def test_problems_are_pointers_into_the_document(api):
    steps = [{"type": "condition", "yes": [{"type": "wait_duration"}]}]
    reply = api.post("/workflows", {"name": "x", "steps": steps})
    assert pointers(reply) == ["/steps/0/config", "/steps/0/yes/0/config/duration"]
    assert pointers(api.post("/workflows", {"name": "x", "steps": [{"type": "fly"}]})) == ["/steps/0/type"]
    assert api.get("/workflows").json["data"] == []


def test_who_only_builds_by_role_is_asked_for_permission(program, agnes, vic):
    assert program(agnes).post("/workflows", WELCOME).status_code == 403
    assert program(vic).get("/workflows/types").status_code == 403


def test_types_describe_what_documents_are_made_of(api):
    factories.tag()
    types = api.get("/workflows/types").json
    assert set(types) == {"triggers", "steps", "operators", "fields"}
    for each in (one for some in types.values() for one in some):
        assert each["key"] and each["label"]
        OAS31Validator.check_schema(each["schema"])
    assert len(types["operators"]) == 15


def test_the_schemas_hold_for_a_document(api):
    types = api.get("/workflows/types").json
    schemas = {each["key"]: each["schema"] for each in types["triggers"] + types["steps"]}
    OAS31Validator(schemas["tag_added"]).validate({"tag_id": "interested"})
    OAS31Validator(schemas["wait_duration"]).validate(WELCOME["steps"][0]["config"])
    assert not OAS31Validator(schemas["wait_duration"]).is_valid({"duration": 0, "unit": "years"})
