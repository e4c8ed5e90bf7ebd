"""Tasks, tags, templates, messages and unsubscribes through the API."""

import pytest

from crm.database import commit
from crm.delivery.senders import save_sender
from crm.email.operations import NewEmail, ensure_content, queue_emails
from tests import factories
from tests.api.conftest import pointers


def test_a_task_is_made_changed_done_and_deleted(api, carla, mo):
    task = api.post("/tasks", {"contact_id": carla.id, "title": "Call", "assigned_to": "mo@school.example"}).json
    assert (task["assigned_to"], task["status"], task["priority"]) == (mo.id, "pending", "medium")
    here = f"/tasks/{task['id']}"
    changed = api.patch(here, {"due_date": "2026-12-01", "due_time": "10:30", "priority": "high"}).json
    assert (changed["title"], changed["due_time"], changed["assigned_to"]) == ("Call", "10:30:00", mo.id)
    assert [api.patch(here, {"status": "completed"}).json["status"] for _ in range(2)] == ["completed"] * 2
    assert api.get("/tasks?status=open").json["data"] == []
    assert api.patch(here, {"status": "pending"}).json["completed_at"] is None
    assert [each["id"] for each in api.get(f"/tasks?contact={carla.id}&assigned_to={mo.id}").json["data"]] == [
        task["id"]
    ]
    assert [api.delete(here).status_code for _ in range(2)] == [204, 404]


def test_a_task_is_refused_by_pointer(api, carla):
    new = {"contact_id": carla.id, "title": "Call"}
    assert pointers(api.post("/tasks", {"contact_id": 99, "title": "Call"})) == ["/contact_id"]
    assert pointers(api.post("/tasks", {**new, "assigned_to": "nobody"})) == ["/assigned_to"]
    assert pointers(api.post("/tasks", {**new, "due_time": "10:00"})) == ["/due_date"]
    assert pointers(api.post("/tasks", {**new, "priority": "huge", "due_date": "soon"})) == ["/due_date", "/priority"]


def test_a_tag_is_made_changed_and_deleted(api, program, agnes):
    tag = api.post("/tags", {"name": "Very New", "color": "blue"}).json
    assert (tag["slug"], tag["color"]) == ("very-new", "blue")
    assert pointers(api.post("/tags", {"name": "very new"})) == ["/name"]
    assert api.patch(f"/tags/{tag['id']}", {"description": "For all"}).json["name"] == "Very New"
    assert program(agnes).post("/tags", {"name": "Own"}).status_code == 403
    assert len(program(agnes).get("/tags?slug=very-new").json["data"]) == 1
    assert [api.delete(f"/tags/{tag['id']}").status_code for _ in range(2)] == [204, 404]


def test_a_tag_in_use_is_kept_unless_forced(api, carla):
    old, new = factories.tag("Old"), factories.tag("New")
    api.post(f"/contacts/{carla.id}/tags", {"tags": ["old"]})
    step = {"type": "add_tag", "config": {"tag_id": "old"}}
    api.post("/workflows", {"name": "Flow", "trigger": {"type": "manual"}, "steps": [step]})
    assert "Flow" in api.delete(f"/tags/{old.id}").json["detail"]
    assert pointers(api.delete(f"/tags/{old.id}?replacement=old")) == ["replacement"]
    assert api.delete(f"/tags/{old.id}?force=true&replacement=new").status_code == 204
    assert api.get(f"/contacts/{carla.id}").json["tags"] == [new.slug]


def test_a_template_is_made_and_changed_by_version(api):
    words = {"name": "Welcome", "subject": "Hello {{ contact.first_name }}", "body": "We start **soon**."}
    template = api.post("/templates", words).json
    assert (template["slug"], template["version"], template["format"]) == ("welcome", 1, "markdown")
    here = f"/templates/{template['id']}"
    assert api.patch(here, {"body": "Now.", "version": 1}).json["version"] == 2
    assert api.patch(here, {"body": "Later.", "version": 1}).status_code == 409
    assert api.get(here).json["body"] == "Now."


@pytest.mark.parametrize("part", ["subject", "body"])
def test_a_template_that_could_not_be_sent_is_refused(api, part):
    words = {"name": "Welcome", "subject": "Hello", "body": "Soon.", part: "{{ contact.nonesuch }}"}
    assert pointers(api.post("/templates", words)) == [f"/{part}"]


def test_messages_are_listed_with_their_status(api, carla):
    queue_emails([NewEmail(carla.id, ensure_content("Hello", "Soon.").id)])
    (message,) = api.get(f"/messages?contact={carla.id}&channel=email&status=pending").json["data"]
    assert (message["subject"], message["channel"], message["reason"]) == ("Hello", "email", None)
    assert api.get(f"/messages/{message['id']}").json == message
    assert api.get("/messages?channel=sms").json["data"] == api.get("/messages?status=sent").json["data"] == []
    assert pointers(api.get("/messages?status=lost")) == ["status"]


def test_an_address_leaves_once(api, carla):
    leaving = {"email": "Carla@example.com", "reason": "too_many"}
    assert [api.post("/unsubscribes", leaving).status_code for _ in range(2)] == [201, 200]
    (row,) = api.get("/unsubscribes?email=carla@example.com").json["data"]
    assert (row["contact_id"], row["reason"], row["resubscribed_at"]) == (carla.id, "too_many", None)
    assert api.get(f"/unsubscribes/{row['id']}").json == row
    assert pointers(api.post("/unsubscribes", {"email": "dan@example.com"})) == ["/email"]


def test_a_template_names_its_sender_by_address_or_id(api, app):
    anna = save_sender(None, "Anna", "anna@school.example", "", is_default=False)
    commit()
    words = {"name": "Welcome", "subject": "Hello", "body": "Soon.", "sender": "Anna@school.example"}
    made = api.post("/templates", words).json
    here = f"/templates/{made['id']}"
    assert made["sender"] == api.get("/templates").json["data"][0]["sender"] == "anna@school.example"
    assert api.patch(here, {"sender": None}).json["sender"] is None
    assert api.patch(here, {"sender": anna.id}).json["sender"] == "anna@school.example"
    assert pointers(api.patch(here, {"sender": "nobody@school.example"})) == ["/sender"]
