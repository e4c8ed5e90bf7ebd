"""An agent's token sees what the agent sees: a contact of somebody else appears nowhere."""

import pytest
import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db
from crm.tasks.operations import NewTask, create_task
from tests import factories

CANARY = "canary"


@pytest.fixture
def hidden(api, mo):
    """Somebody else's contact, with everything that can hang on one."""
    made = factories.contact(first_name="Canary", last_name="Canary", email="canary@canary.example", owner_id=mo.id)
    api.post(f"/contacts/{made.id}/tags", {"tags": ["vip"]})
    api.post("/tasks", {"contact_id": made.id, "title": "Canary"})
    api.post("/events", {"contact": {"id": made.id}, "type": "canary"})
    api.post("/unsubscribes", {"email": made.email})
    return made


LISTS = [
    "/contacts",
    "/contacts?q=canary",
    "/contacts?tag=vip",
    "/contacts?email=canary@canary.example",
    "/tasks",
    "/unsubscribes",
]


@pytest.mark.parametrize("path", LISTS)
def test_it_is_in_the_managers_lists_and_not_in_the_agents(api, agents, hidden, path):
    assert CANARY in api.get(path).text.lower()
    reply = agents.get(path)
    assert (reply.status_code, reply.json["data"]) == (200, [])


@pytest.mark.parametrize("rest", ["", "/tags", "/activities"])
def test_it_is_not_there(agents, hidden, rest):
    reply = agents.get(f"/contacts/{hidden.id}{rest}")
    assert reply.status_code == 404
    assert CANARY not in reply.text.lower()


def test_it_cannot_be_changed(agents, hidden):
    assert agents.patch(f"/contacts/{hidden.id}", {"city": "Rome"}).status_code == 404
    assert agents.post(f"/contacts/{hidden.id}/tags", {"tags": ["vip"]}).status_code == 404
    assert agents.delete(f"/contacts/{hidden.id}/tags/vip").status_code == 404
    assert agents.post("/contacts", {"email": hidden.email, "city": "Rome"}).status_code == 409
    assert agents.post("/tasks", {"contact_id": hidden.id, "title": "x"}).status_code == 422
    assert agents.post("/events", {"contact": {"email": hidden.email}, "type": "x"}).status_code == 422
    assert agents.post("/unsubscribes", {"email": hidden.email}).status_code == 422
    assert db.session.scalar(sa.select(Contact.city).where(Contact.id == hidden.id)) is None


def test_a_task_given_to_her_does_not_say_whom_it_is_about(agents, agnes, hidden):
    create_task(NewTask(hidden.id, "Help out", assigned_to=agnes.id))
    assert [(each["title"], each["contact_id"]) for each in agents.get("/tasks").json["data"]] == [("Help out", None)]


@pytest.mark.parametrize("path", ["/workflows", "/enrollments", "/messages", "/templates"])
def test_other_rooms_stay_closed(agents, path):
    assert agents.get(path).status_code == 403
