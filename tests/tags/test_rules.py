"""Rules that tag by themselves: by any type of activity, narrowed, from now on and for the past."""

import pytest

from crm.activity.dispatcher import dispatch
from crm.activity.operations import emit
from crm.activity.vocabulary import SYSTEM, Actor, Custom, EmailClicked, TagRemoved
from crm.conditions.mentions import uses_of
from crm.database import commit, db
from crm.tags import past
from crm.tags.models import TagRule
from crm.tags.operations import Refused
from crm.tags.queries import mentioned, tags_of
from crm.tags.rules import begin_past, save_rule, switch_rule
from tests import factories

PRICES = {"values": [{"key": "url", "operator": "contains", "value": "PRICE"}]}


@pytest.fixture
def hot(app):
    return factories.tag("Hot")


def rule_for(tag, kind="email_clicked", filters=PRICES, condition=None):
    made = save_rule(TagRule(), tag, kind, filters, condition)
    commit()
    return made


def click(contact, url="https://school.example/prices", **values):
    emit(EmailClicked(contact_id=contact.id, subject="Hello", url=url, **values))
    commit()


def heard():
    while dispatch():
        pass


def worn(contact):
    return [each.name for each in tags_of([contact.id])[contact.id]]


def test_who_does_it_gets_the_tag_and_nobody_else(hot):
    rule_for(hot)
    carla, dora = factories.contact(), factories.contact(email="dora@example.com")
    click(carla)
    click(dora, "https://school.example/")
    heard()
    assert (worn(carla), worn(dora)) == (["Hot"], [])
    click(carla)
    heard()
    assert worn(carla) == ["Hot"]


def test_a_condition_on_the_contact_holds_too(hot):
    rule_for(hot, condition={"match": "all", "conditions": [{"field": "city", "operator": "equals", "value": "Lima"}]})
    carla, dora = factories.contact(city="Lima"), factories.contact(email="dora@example.com", city="Rome")
    click(carla)
    click(dora)
    heard()
    assert (worn(carla), worn(dora)) == (["Hot"], [])


def test_an_event_of_a_program_is_told_by_any_of_its_values(hot):
    values = [
        {"key": "type", "operator": "equals", "value": "booking"},
        {"key": "seats", "operator": "greater_than", "value": "2"},
    ]
    rule_for(hot, "custom", {"values": values})
    people = [factories.contact(email=f"{each}@example.com") for each in "abcd"]
    for contact, type_, seats in zip(
        people, ("booking", "booking", "visit", "booking"), (3, 2, 9, "many"), strict=True
    ):
        emit(Custom(contact_id=contact.id, type=type_, values={"seats": seats}))
    commit()
    heard()
    assert [worn(each) for each in people] == [["Hot"], [], [], []]


def test_what_is_pointed_at_narrows_it(app, hot):
    warm, cold = factories.tag("Warm"), factories.tag("Cold")
    rule_for(hot, "tag_removed", {"refers": {"tag_id": warm.id}})
    carla, dora = factories.contact(), factories.contact(email="dora@example.com")
    for contact, tag in ((carla, warm), (dora, cold)):
        emit(TagRemoved(contact_id=contact.id, subject_id=tag.id, tag=tag.name))
    commit()
    heard()
    assert (worn(carla), worn(dora)) == (["Hot"], [])
    with app.test_request_context():
        assert [each.label for each in uses_of(mentioned(warm))] == ["Rule of the tag “Hot”: Tag removed, tag “Warm”"]
        assert len(uses_of(mentioned(hot))) == 1


def test_one_that_is_off_and_one_caused_by_endless_reactions_tag_nobody(hot):
    rule, carla = rule_for(hot), factories.contact()
    click(carla, by=Actor(name="Workflow", depth=10))
    heard()
    assert worn(carla) == []
    switch_rule(rule, False)
    click(carla)
    heard()
    assert worn(carla) == []


def test_the_past_is_gone_through_in_windows_and_only_once(hot):
    people = [factories.contact(email=f"{each}@example.com") for each in range(5)]
    for each in people:
        click(each)
        click(each, "https://school.example/")
    heard()
    rule = rule_for(hot)
    begin_past(rule)
    commit()
    rounds = 0
    while past.go_back(window=3):
        rounds += 1
    db.session.refresh(rule)
    assert [worn(each) for each in people] == [["Hot"]] * 5
    assert (rule.past_tagged, rule.is_going_back, rounds) == (5, False, 4)


@pytest.mark.parametrize(
    ("kind", "value", "where"),
    [
        ("nonsense", {}, "activity_type"),
        ("email_clicked", {"key": "password", "operator": "equals", "value": "x"}, "key_0"),
        ("email_clicked", {"key": "url", "operator": "between", "value": "x"}, "operator_0"),
        ("email_clicked", {"key": "url", "operator": "contains", "value": ""}, "value_0"),
        ("custom", {"key": 'se"ats', "operator": "contains", "value": "x"}, "key_0"),
        ("custom", {"key": "seats", "operator": "greater_than", "value": "many"}, "value_0"),
    ],
)
def test_what_cannot_be_understood_is_told(hot, kind, value, where):
    with pytest.raises(Refused) as refused:
        save_rule(TagRule(), hot, kind, {"values": [value]}, None, SYSTEM)
    assert list(refused.value.problems) == [where]


def test_on_screen_it_is_made_switched_applied_and_deleted(as_mo, hot):
    assert "Link clicked" in as_mo.get("/tags/rules/new?tag=hot").text
    url = "/tags/rules/new?type=email_clicked"
    values = {"tag": hot.id, "key_0": "url", "operator_0": "contains", "value_0": "price", "condition": ""}
    assert as_mo.post(url, data={**values, "value_0": ""}).status_code == 422
    assert as_mo.post(url, data=values).status_code == 303
    rule = db.session.query(TagRule).one()
    page = as_mo.get("/tags/rules").text
    assert "Link clicked, link contains “price”" in page
    assert "1 rule" in as_mo.get("/tags").text
    edit = f"/tags/rules/{rule.id}"
    assert 'value="price"' in as_mo.get(edit).text
    as_mo.post(f"{edit}/past")
    assert "Activities looked through" in as_mo.get(f"{edit}/state").text
    as_mo.post(f"{edit}/switch", data={"on": "0"})
    assert "Off" in as_mo.get(f"{edit}/state").text
    as_mo.post(f"{edit}/deletion")
    assert as_mo.get(edit).status_code == 404


def test_only_those_who_manage_tags_see_rules(as_agnes):
    assert {as_agnes.get(each).status_code for each in ("/tags/rules", "/tags/rules/new")} == {403}
