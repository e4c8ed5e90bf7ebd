"""Joining and leaving static audiences, and keeping dynamic ones true."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.activity.dispatcher import dispatch
from crm.activity.models import ContactActivity
from crm.audiences import refreshing
from crm.audiences.models import AudienceTouch
from crm.audiences.operations import (
    Refused,
    add_to_audience,
    create_audience,
    delete_audience,
    duplicate_audience,
    remove_from_audience,
    update_audience,
)
from crm.audiences.queries import audiences_of
from crm.audiences.refreshing import refresh, refresh_due, settle_touched
from crm.contacts.operations import update_contact
from crm.database import commit, db
from crm.tags.operations import tag_contacts, untag_contacts
from tests import factories

PARIS = {"match": "all", "conditions": [{"field": "city", "operator": "equals", "value": "Paris"}]}
HOT = {"match": "all", "conditions": [{"field": "tags", "operator": "contains", "value": "hot"}]}
RECENT = {
    "match": "all",
    "conditions": [{"field": "last_email_opened", "operator": "between", "value": {"last": 30, "unit": "days"}}],
}


def facts():
    found = db.session.query(ContactActivity).where(ContactActivity.activity_type.like("audience%"))
    return [(each.activity_type, each.contact_id) for each in found.order_by(ContactActivity.id)]


def names(contact):
    return [each.name for each in audiences_of(contact)]


def work():
    """What the worker does until nothing is left to do."""
    while dispatch() or settle_touched():
        pass


def test_only_who_was_not_in_it_joins(ada):
    regulars, carla, otto = factories.audience(), factories.contact(), factories.contact(email="o@example.com")
    assert add_to_audience(regulars, [carla.id], ada.actor) == [carla.id]
    assert add_to_audience(regulars, [carla.id, otto.id, otto.id], ada.actor) == [otto.id]
    assert remove_from_audience(regulars, [carla.id], ada.actor) == [carla.id]
    assert remove_from_audience(regulars, [carla.id], ada.actor) == []
    commit()
    assert facts() == [("audience_joined", carla.id), ("audience_joined", otto.id), ("audience_left", carla.id)]
    assert (regulars.member_count, regulars.changed_at is not None) == (1, True)


def test_a_dynamic_audience_is_not_filled_by_hand(ada):
    paris, carla = factories.audience("Paris", PARIS), factories.contact()
    for verb in (add_to_audience, remove_from_audience):
        with pytest.raises(Refused, match="filled by its condition"):
            verb(paris, [carla.id], ada.actor)


def test_it_is_gathered_and_kept(app):
    carla = factories.contact(city="paris")
    factories.contact(email="o@example.com", city="Rome")
    paris = factories.audience("Paris", PARIS)
    assert paris.is_gathering
    assert refresh_due()
    assert (names(carla), paris.member_count, paris.is_gathering) == (["Paris"], 1, False)
    refresh(paris.id)
    assert facts() == [("audience_joined", carla.id)]


def test_who_changed_is_looked_at_at_once(ada):
    carla, paris = factories.contact(), factories.audience("Paris", PARIS)
    update_contact(carla, {"city": "Paris"}, ada.actor)
    commit()
    work()
    assert names(carla) == ["Paris"]
    update_contact(carla, {"city": "Rome"}, ada.actor)
    commit()
    work()
    assert facts() == [("audience_joined", carla.id), ("audience_left", carla.id)]
    assert paris.member_count == 0


def test_time_alone_lets_people_out(app):
    opened = datetime(2026, 3, 1, tzinfo=UTC)
    carla = factories.contact(last_email_opened_at=opened)
    recent = factories.audience("Recent", RECENT)
    refresh(recent.id, opened + timedelta(days=1))
    assert names(carla) == ["Recent"]
    refresh(recent.id, opened + timedelta(days=60))
    assert facts() == [("audience_joined", carla.id), ("audience_left", carla.id)]


def test_depending_audiences_follow(ada):
    carla, hot = factories.contact(city="Paris"), factories.tag("Hot")
    factories.audience("Hot ones", HOT)
    both = {"match": "all", "conditions": [{"field": "audience", "operator": "contains", "value": "hot-ones"}]}
    factories.audience("Both", both)
    tag_contacts(hot, [carla.id], ada.actor)
    commit()
    work()
    assert names(carla) == ["Both", "Hot ones"]
    untag_contacts(hot, [carla.id], ada.actor)
    commit()
    work()
    assert names(carla) == []


def test_a_condition_that_broke_holds_the_members(ada):
    carla, hot = factories.contact(), factories.tag("Hot")
    tag_contacts(hot, [carla.id], ada.actor)
    audience = factories.audience("Hot ones", HOT)
    refresh(audience.id)
    db.session.delete(hot)
    commit()
    refresh(audience.id)
    work()
    assert names(carla) == ["Hot ones"]


def test_a_changed_condition_is_due_at_once(app):
    carla, audience = factories.contact(city="Rome"), factories.audience("Paris", PARIS)
    refresh_due()
    rome = {"match": "all", "conditions": [{"field": "city", "operator": "equals", "value": "Rome"}]}
    update_audience(audience, "Rome", rome)
    commit()
    refresh_due()
    assert names(carla) == ["Rome"]


def test_when_too_many_changed_everyone_is_looked_at(ada, monkeypatch):
    monkeypatch.setattr(refreshing, "MANY", 2)
    people = [factories.contact(email=f"c{number}@example.com") for number in range(3)]
    paris = factories.audience("Paris", PARIS)
    refresh_due()
    for each in people:
        update_contact(each, {"city": "Paris"}, ada.actor)
    commit()
    work()
    assert db.session.query(AudienceTouch).count() == 0
    refresh_due()
    assert paris.member_count == 3


def test_it_goes_on_where_it_was_stopped(app, monkeypatch):
    monkeypatch.setattr(refreshing, "CHUNK", 2)
    for number in range(5):
        factories.contact(email=f"c{number}@example.com", city="Paris")
    paris, rounds = factories.audience("Paris", PARIS), iter([True, True, False])
    assert not refresh_due(goes_on=lambda: next(rounds))
    assert (paris.member_count, paris.is_gathering) == (2, True)
    assert refresh_due()
    assert (paris.member_count, len(facts())) == (5, 5)


def test_a_copy_gets_the_members_too(ada):
    regulars, carla = factories.audience(), factories.contact()
    add_to_audience(regulars, [carla.id], ada.actor)
    copy = duplicate_audience(regulars, ada.actor)
    commit()
    refresh_due()
    assert (copy.name, copy.member_count, copy.is_gathering) == ("Copy of Regulars", 1, False)
    assert duplicate_audience(regulars, ada.actor).name == "Copy of Regulars 2"


@pytest.mark.parametrize("name", ["", "!!", "12", "x" * 101, "a\x00b", "REGULARS"])
def test_what_is_no_name_is_refused(app, name):
    factories.audience()
    with pytest.raises(Refused):
        create_audience(name)


@pytest.mark.parametrize("condition", [None, {}, {"match": "all", "conditions": []}, "x", {"conditions": [{}]}])
def test_what_is_no_condition_is_refused(app, condition):
    with pytest.raises(Refused):
        create_audience("Some", "dynamic", condition)


def test_an_audience_cannot_depend_on_itself_in_a_circle(app):
    def depends_on(*slugs):
        clause = {"field": "audience", "operator": "not_in_list", "value": list(slugs)}
        return {"match": "all", "conditions": [{"match": "any", "conditions": [clause]}]}

    first = factories.audience("First", PARIS)
    second = create_audience("Second", "dynamic", depends_on("first"))
    third = create_audience("Third", "dynamic", depends_on("second", first.id))
    with pytest.raises(Refused, match="cannot depend on itself"):
        update_audience(first, "First", depends_on("first"))
    with pytest.raises(Refused, match="“Third” depends on this audience"):
        update_audience(first, "First", depends_on("third"))
    update_audience(third, "Third", depends_on("first"))
    assert second.condition


def test_a_deleted_contact_is_counted_no_more(ada):
    regulars, carla = factories.audience(), factories.contact()
    add_to_audience(regulars, [carla.id], ada.actor)
    commit()
    db.session.delete(carla)
    commit()
    refresh(regulars.id)
    assert regulars.member_count == 0
    delete_audience(regulars)
    commit()
