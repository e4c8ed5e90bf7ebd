"""Where broadcasts are met elsewhere: search, audiences, templates, messages, conditions, the contact list."""

import sqlalchemy as sa

from crm.audiences.queries import mentioned
from crm.broadcasts import drafting, reckoning
from crm.broadcasts.models import Broadcast
from crm.conditions.compiler import compile_condition
from crm.conditions.mentions import uses_of
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.templates import create_template
from tests import factories
from tests.broadcasts import kit


def test_the_search_box_finds_it(as_mo):
    kit.draft("Open day in May")
    assert "Open day in May" in as_mo.get("/search?q=day+open").text


def test_an_audience_leads_to_a_new_one_and_names_those_that_use_it(as_mo, app):
    audience = factories.audience()
    assert f"/broadcasts/new?audience={audience.id}" in as_mo.get(f"/audiences/{audience.id}").text
    broadcast = kit.draft("Spring")
    drafting.choose_audience(broadcast, [audience], [], None)
    commit()
    with app.test_request_context():
        assert [each.label for each in uses_of(mentioned(audience))] == ["Broadcast “Spring”"]


def test_a_template_and_a_message_lead_to_it(as_mo, mo):
    template = create_template("Welcome", "Hello", "", "Words", "markdown", mo.actor)
    commit()
    assert f"/broadcasts/new?template={template.id}" in as_mo.get(f"/templates/{template.id}").text
    kit.people(1)
    broadcast = kit.launched("Spring")
    (message,) = kit.messages(broadcast)
    assert f"/broadcasts/{broadcast.id}" in as_mo.get(f"/messages/{message.id}").text


def test_an_agent_who_may_send_nothing_is_offered_nothing(as_agnes, agnes):
    contact = factories.contact(owner_id=agnes.id)
    assert "Email them" not in as_agnes.get("/contacts").text
    assert as_agnes.post("/broadcasts/chosen", data={"ids": [contact.id]}).status_code == 403


def test_the_list_of_contacts_leads_to_it(as_mo):
    kit.people(1)
    assert "/broadcasts/chosen" in as_mo.get("/contacts").text
    assert as_mo.post("/broadcasts/chosen").location == "/contacts"


def test_all_contacts_of_a_list_are_written_to(as_mo):
    kit.people(2, country="ES")
    factories.contact(country="FR")
    condition = '{"match":"all","conditions":[{"field":"country","operator":"equals","value":"ES"}]}'
    made = as_mo.post("/broadcasts/listed", query_string={"if": condition})
    broadcast = db.session.query(Broadcast).one()
    assert made.location == f"/broadcasts/{broadcast.id}/audience"
    assert reckoning.reckon(broadcast).total == 2
    assert broadcast.name.startswith("To 2 contacts")


def test_conditions_ask_who_got_opened_and_clicked(ada):
    first, second, third = kit.people(3)
    broadcast = kit.launched()
    kit.send()
    opened = next(each for each in kit.messages(broadcast) if each.contact_id == second.id)
    opened.opened_at = opened.clicked_at = broadcast.created_at
    commit()
    later = factories.contact(email="later@example.com")

    def who(field: str, operator: str = "contains") -> list[int]:
        condition = {"match": "all", "conditions": [{"field": field, "operator": operator, "value": str(broadcast.id)}]}
        return list(db.session.scalars(sa.select(Contact.id).where(compile_condition(condition)).order_by(Contact.id)))

    assert who("got_broadcast") == [first.id, second.id, third.id]
    assert who("opened_broadcast") == who("clicked_broadcast") == [second.id]
    assert who("got_broadcast", "not_contains") == [later.id]
