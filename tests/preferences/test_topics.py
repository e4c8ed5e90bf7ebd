"""The school says what people may choose, and which rules hold for everyone."""

import pytest
import sqlalchemy as sa

from crm.database import db
from crm.preferences.models import ContactTopic, Topic
from tests import factories


@pytest.fixture
def news(app) -> Topic:
    topic = Topic(name="News", slug="news")
    db.session.add(topic)
    db.session.commit()
    return topic


def test_a_topic_is_made_changed_and_deleted(as_ada):
    as_ada.post("/consent/topics/new", data={"name": "Concerts", "description": "Twice a year", "is_public": "y"})
    topic = db.session.scalar(sa.select(Topic))
    assert (topic.slug, topic.is_default, topic.is_public) == ("concerts", False, True)
    as_ada.post(f"/consent/topics/{topic.id}", data={"name": "Recitals", "is_default": "y"})
    assert (topic.name, topic.slug, topic.is_default, topic.is_public) == ("Recitals", "concerts", True, False)
    assert b"Recitals" in as_ada.get("/consent").data
    as_ada.post(f"/consent/topics/{topic.id}/deletion")
    assert db.session.scalar(sa.select(Topic)) is None


def test_two_topics_of_one_name_would_confuse(as_ada, news):
    reply = as_ada.post("/consent/topics/new", data={"name": "news"})
    assert (reply.status_code, b"There is a topic with this name already." in reply.data) == (422, True)


def test_before_deletion_one_reads_who_refused_it(as_ada, news):
    db.session.add(ContactTopic(contact_id=factories.contact().id, topic_id=news.id, is_on=False))
    assert b"1 contact has refused it" in as_ada.get(f"/consent/topics/{news.id}/deletion").data


def test_the_rules_hold_at_once_and_can_be_taken_back(app, as_ada):
    rules = {"quiet_hours_start": "21:30", "quiet_hours_end": "08:00", "cap": "3", "days": "7"}
    as_ada.post("/consent/rules", data=rules)
    assert (app.config["QUIET_HOURS_START"], app.config["MARKETING_CAP"]) == ("21:30", 3)
    as_ada.post("/consent/rules", data={"cap": "0", "days": "7"})
    assert app.config["QUIET_HOURS_START"] == ""


def test_half_a_night_is_a_question(as_ada):
    reply = as_ada.post("/consent/rules", data={"quiet_hours_start": "21:30", "cap": "0", "days": "7"})
    assert (reply.status_code, b"Say from when and until when" in reply.data) == (422, True)


def test_only_who_manages_settings_comes_here(as_mo, news):
    assert as_mo.get("/consent").status_code == as_mo.post(f"/consent/topics/{news.id}/deletion").status_code == 403
    assert db.session.get(Topic, news.id)
