"""What a contact wants, through the API."""

import pytest
import sqlalchemy as sa

from crm.database import db
from crm.email.models import EmailMessage
from crm.preferences.choices import preferences_of
from crm.preferences.models import ConsentRecord, Topic
from tests.api.conftest import pointers


@pytest.fixture
def news(app) -> Topic:
    topic = Topic(name="News", slug="news")
    db.session.add(topic)
    db.session.commit()
    return topic


def path(contact) -> str:
    return f"/contacts/{contact.id}/preferences"


def test_it_is_read_and_changed(api, carla, news):
    before = api.get(path(carla)).json
    assert (before["marketing_emails"], before["topics"], before["confirmation"]) == (True, {"news": True}, "")
    sent = {
        "class_reminders": False,
        "topics": {"news": False},
        "quiet_hours_start": "21:00",
        "quiet_hours_end": "08:00",
        "shown": "Box",
    }
    after = api.patch(path(carla), sent).json
    assert (after["class_reminders"], after["topics"], after["quiet_hours_start"]) == (False, {"news": False}, "21:00")
    assert {(each.how, each.shown, each.is_on) for each in db.session.scalars(sa.select(ConsentRecord))} == {
        ("api", "Box", False)
    }


def test_a_refusal_is_not_taken_back_without_a_reason(api, carla):
    api.patch(path(carla), {"marketing_emails": False})
    refused = api.patch(path(carla), {"marketing_emails": True})
    assert (refused.status_code, pointers(refused)) == (422, ["/reason"])
    assert api.patch(path(carla), {"marketing_emails": True, "reason": "wrote to us"}).json["marketing_emails"]


def test_bad_values_are_named(api, carla):
    assert pointers(api.patch(path(carla), {"topics": {"nope": True}})) == ["/topics/nope"]
    assert pointers(api.patch(path(carla), {"quiet_hours_start": "21:00"})) == ["/quiet_hours_end"]
    assert pointers(api.patch(path(carla), {"frequency": "hourly"})) == ["/frequency"]
    assert pointers(api.patch(path(carla), {"quiet_hours_start": "25:00"})) == ["/quiet_hours_start"]


def test_a_new_contact_is_asked_to_confirm_once(api):
    for _ in range(2):
        api.post("/contacts", {"email": "dana@example.com", "double_opt_in": True})
    (message,) = db.session.scalars(sa.select(EmailMessage))
    assert (message.purpose, preferences_of(message.contact).confirmation) == ("confirmation", "pending")


def test_an_agent_reads_and_writes_her_own_contacts_only(agents, carla):
    assert (
        agents.get(path(carla)).status_code == agents.patch(path(carla), {"class_reminders": False}).status_code == 404
    )
    assert preferences_of(carla).class_reminders


def test_topics_are_listed_and_made(api, agents, news):
    assert [each["slug"] for each in api.get("/topics").json["data"]] == ["news"]
    made = api.post("/topics", {"name": "Concerts", "is_default": False})
    assert (made.status_code, made.json["slug"], made.json["is_default"]) == (201, "concerts", False)
    assert api.post("/topics", {"name": "concerts"}).status_code == 409
    assert agents.post("/topics", {"name": "More"}).status_code == 403
