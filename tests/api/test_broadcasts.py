"""Broadcasts through the API: drafted, tried, sent once however often it is asked, paused and cancelled."""

from datetime import timedelta

import pytest

from crm.audiences.operations import add_to_audience
from crm.database import commit, db
from crm.email.models import EmailMessage
from crm.lib import clock
from tests import factories
from tests.api.conftest import pointers
from tests.broadcasts import kit

WORDS = {"subject": "Hello {{ contact.first_name }}", "body": "Words."}


@pytest.fixture
def school(app):
    app.config["MAIL_ADDRESS"] = "1 School Lane"


def test_it_is_drafted_for_an_audience_and_sent_once(school, api, carla, ada):
    add_to_audience(factories.audience(), [carla.id], ada.actor)
    commit()
    made = api.post("/broadcasts", {"name": "Open day", "audience": "regulars", **WORDS})
    assert (made.status_code, made.json["status"], made.json["counts"]["sent"] if made.json["counts"] else 0) == (
        201,
        "draft",
        0,
    )
    here = f"/broadcasts/{made.json['id']}"
    answers = [api.post(f"{here}/send", {}) for _ in range(3)]
    assert [(each.status_code, each.json["status"]) for each in answers] == [(200, "launching")] * 3
    kit.run()
    kit.send()
    kit.run()
    found = api.get(here).json
    assert (found["status"], found["recipients"], found["counts"]["sent"]) == ("finished", 1, 1)
    (message,) = api.get(f"/messages?broadcast={found['id']}").json["data"]
    assert (message["contact_id"], message["broadcast_id"], message["status"]) == (carla.id, found["id"], "sent")
    assert api.get("/broadcasts?status=finished").json["data"][0]["name"] == "Open day"
    assert [api.delete(here).status_code for _ in range(2)] == [204, 404]


def test_an_audience_is_an_id_a_condition_or_everyone(api):
    audience = factories.audience()
    condition = {"match": "all", "conditions": [{"field": "country", "operator": "equals", "value": "ES"}]}
    here = f"/broadcasts/{api.post('/broadcasts', {'name': 'Spain', 'audience': condition}).json['id']}"
    assert api.get(here).json["audience"] == condition
    assert api.patch(here, {"audience": audience.id}).json["audience"] == [audience.id]
    assert api.patch(here, {"exclude": ["regulars"]}).json["exclude"] == [audience.id]
    assert api.patch(here, {"audience": "everyone"}).json["audience"] == "everyone"


def test_what_is_wrong_is_named_by_pointer(api):
    new = {"name": "Open day"}
    assert pointers(api.post("/broadcasts", {})) == ["/name"]
    assert pointers(api.post("/broadcasts", {**new, "audience": "nobody"})) == ["/audience"]
    assert pointers(api.post("/broadcasts", {**new, "audience": {"match": "all", "conditions": [{"field": "x"}]}})) == [
        "/audience/conditions/0/field"
    ]
    assert pointers(api.post("/broadcasts", {**new, "template": "none"})) == ["/template"]
    assert pointers(api.post("/broadcasts", {**new, **WORDS, "body": "{{ nobody }}"})) == ["/body"]


def test_what_stops_it_is_said(api, carla):
    made = api.post("/broadcasts", {"name": "Open day", "audience": "everyone", **WORDS}).json
    refused = api.post(f"/broadcasts/{made['id']}/send", {})
    assert refused.status_code == 409
    assert "postal address" in refused.json["detail"]


def test_it_is_scheduled_changed_and_called_off(school, api, carla):
    here = f"/broadcasts/{api.post('/broadcasts', {'name': 'Open day', 'audience': 'everyone', **WORDS}).json['id']}"
    day = clock.now().date() + timedelta(days=700)
    assert api.post(f"{here}/send", {"at": "2020-01-01T09:00:00Z"}).status_code == 409
    assert api.post(f"{here}/send", {"at": f"{day}T09:00:00Z"}).json["status"] == "scheduled"
    assert api.patch(here, {"name": "Fair"}).json["status"] == "draft"
    assert api.post(f"{here}/send", {"local_time": f"{day}T09:00"}).json["local_time"] == f"{day}T09:00"
    assert api.post(f"{here}/cancel").json["status"] == "draft"
    assert pointers(api.post(f"{here}/send", {"local_time": "tomorrow, at nine"})) == ["/local_time"]


def test_it_is_paused_taken_up_and_cancelled(school, api, carla):
    here = f"/broadcasts/{kit.launched().id}"
    assert [api.post(f"{here}/pause").json["status"] for _ in range(2)] == ["paused"] * 2
    assert api.post(f"{here}/resume").json["status"] == "sending"
    assert api.patch(here, {"name": "Other"}).status_code == 409
    assert [api.post(f"{here}/cancel").json["status"] for _ in range(2)] == ["cancelled"] * 2
    assert api.post(f"{here}/resume").status_code == 409


def test_a_test_goes_to_staff_alone(api, ada, carla):
    here = f"/broadcasts/{kit.draft().id}"
    assert api.post(f"{here}/test", {"contact_id": carla.id}).json == {"queued": 1}
    assert pointers(api.post(f"{here}/test", {"to": ["carla@example.com"]})) == ["/to"]
    assert db.session.query(EmailMessage.to_address).scalar() == ada.email


def test_who_may_not_send_is_refused(program, agnes, mo, api):
    broadcast = kit.draft()
    assert program(agnes).get("/broadcasts").status_code == 403
    assert program(agnes).post(f"/broadcasts/{broadcast.id}/send", {}).status_code == 403
