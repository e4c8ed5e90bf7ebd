"""New contacts get an owner by rule and in turn; who is away is passed over; contacts change hands when somebody leaves."""

from datetime import timedelta

import pytest

from crm.activity.dispatcher import dispatch
from crm.activity.models import ContactActivity
from crm.activity.vocabulary import SYSTEM
from crm.bulk.models import BulkAction
from crm.contacts.models import Contact
from crm.contacts.operations import create_contact
from crm.custom_fields.operations import create_field
from crm.database import commit, db
from crm.lib import clock
from crm.ownership.models import OwnershipRule
from crm.ownership.operations import be_away, save_rule
from crm.tasks.models import Task
from crm.users.models import Team
from tests import factories

TODAY = clock.now().date()


@pytest.fixture
def rule(mo, agnes):
    rule = OwnershipRule()
    save_rule(rule, "Peru", ("PE", None, None), [mo, agnes])
    commit()
    return rule


def added(name, **values):
    contact = create_contact({"first_name": name, "country": "PE", **values}, SYSTEM)
    commit()
    while dispatch():
        pass
    db.session.expire_all()
    return contact.owner_id


def test_they_take_turns(rule, mo, agnes):
    assert [added(each) for each in "abcd"] == [mo.id, agnes.id, mo.id, agnes.id]
    changed = (
        db.session.query(ContactActivity)
        .filter_by(activity_type="contact_updated")
        .order_by(ContactActivity.id)
        .first()
    )
    assert (changed.metadata_["changes"], changed.actor) == ({"owner": ["", "Mo"]}, "Ownership rules")


def test_who_is_away_or_gone_is_passed_over(rule, mo, agnes):
    be_away(mo.id, TODAY + timedelta(days=1))
    commit()
    assert [added(each) for each in "ab"] == [agnes.id, agnes.id]
    be_away(mo.id, TODAY - timedelta(days=2))
    agnes.is_enabled = False
    commit()
    assert added("c") == mo.id
    mo.is_enabled = False
    commit()
    assert added("d") is None


def test_only_those_the_rule_is_for_and_who_have_no_owner(rule, ada, mo):
    assert added("a", country="DE") is None
    assert added("b", owner=str(ada.id)) == ada.id
    assert added("c") == mo.id


def test_the_first_rule_that_fits_counts(rule, as_ada, ada, mo):
    city = {"name": "Lima", "country": "PE", "city": "lima", "source": "", "people": [ada.id]}
    assert as_ada.post("/ownership/rules/new", data=city).location == "/ownership"
    assert added("a", city="Lima") == mo.id
    second = db.session.query(OwnershipRule).filter_by(name="Lima").one().id
    as_ada.post(f"/ownership/rules/{second}/rise")
    assert added("b", city="Lima") == ada.id
    as_ada.post(f"/ownership/rules/{second}/deletion")
    assert db.session.query(OwnershipRule).count() == 1


def test_a_team_takes_turns_but_for_who_is_away(as_ada, ada, mo, agnes):
    north = Team(name="North", members=[mo, agnes])
    db.session.add(north)
    commit()
    reply = as_ada.post("/ownership/rules/new", data={"name": "North", "team_id": north.id, "condition": ""})
    assert reply.status_code == 302
    assert [added(each) for each in "ab"] == [mo.id, agnes.id]
    be_away(mo.id, TODAY + timedelta(days=1))
    commit()
    assert added("c") == agnes.id
    assert {each.team_id for each in db.session.query(Contact)} == {north.id}
    assert "Team North" in as_ada.get("/ownership").text


def test_a_territory_may_be_a_field_of_the_school(as_ada, ada, mo):
    create_field("District", "text")
    south = '{"conditions": [{"field": "fields.district", "operator": "equals", "value": "South"}]}'
    as_ada.post("/ownership/rules/new", data={"name": "South", "people": [mo.id], "condition": south})
    assert added("a", **{"fields.district": "south"}) == mo.id
    assert added("b", **{"fields.district": "North"}) is None
    assert "District is South" in as_ada.get("/ownership").text


def test_a_rule_needs_a_name_and_somebody(as_ada, ada):
    reply = as_ada.post("/ownership/rules/new", data={"name": "", "country": ""})
    assert reply.status_code == 422
    assert "Choose at least one person or a team" in reply.text
    assert as_ada.post("/ownership/rules/new", data={"name": "x", "people": ["999"]}).status_code == 422


def test_handing_over_shares_contacts_and_tasks(as_ada, ada, mo, agnes):
    contacts = [factories.contact(email=f"{n}@example.com", owner_id=agnes.id) for n in range(3)]
    db.session.add(Task(contact_id=contacts[1].id, title="Call", assigned_to=agnes.id))
    commit()
    form = {"giver": agnes.id, "takers": [ada.id, mo.id], "with_tasks": "y"}
    page = as_ada.get(as_ada.post("/ownership/handover", data=form).location).text
    assert "3 of 3 contacts changed" in page
    assert [each.owner_id for each in contacts] == [ada.id, mo.id, ada.id]
    assert db.session.query(Task).one().assigned_to == mo.id
    action = db.session.query(BulkAction).one()
    as_ada.post(f"/contacts/bulk/{action.id}/undo")
    assert {each.owner_id for each in contacts} == {agnes.id}
    assert db.session.query(Task).one().assigned_to == agnes.id
    assert as_ada.post("/ownership/handover", data={"giver": mo.id, "takers": [mo.id]}).status_code == 422


def test_somebody_is_away_on_screen(as_ada, mo):
    until = (TODAY + timedelta(days=5)).isoformat()
    as_ada.post("/ownership/absences", data={"person": mo.id, "last_on": until})
    assert "Mo is back" in as_ada.get("/ownership").text
    as_ada.post(f"/ownership/absences/{mo.id}/end")
    assert "Nobody is away" in as_ada.get("/ownership").text
    assert as_ada.post("/ownership/absences", data={"person": mo.id, "last_on": "soon"}).status_code == 422
    over = as_ada.post("/ownership/absences", data={"person": mo.id, "last_on": TODAY - timedelta(days=2)})
    assert (over.status_code, "That day is over." in over.text) == (422, True)


def test_only_administrators_set_rules(as_mo):
    assert as_mo.get("/ownership").status_code == 403
    assert as_mo.post("/ownership/handover").status_code == 403


def test_no_rules_no_owner(app):
    assert added("a") is None
    assert db.session.query(Contact).count() == 1
