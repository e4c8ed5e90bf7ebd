"""New contacts get an owner by rule and in turn; who is away is passed over; contacts change hands when somebody leaves."""

from datetime import timedelta

import pytest

from crm.activity.dispatcher import dispatch
from crm.activity.models import ContactActivity
from crm.activity.vocabulary import SYSTEM
from crm.contacts.models import Contact
from crm.contacts.operations import create_contact
from crm.database import commit, db
from crm.lib import clock
from crm.ownership.models import OwnershipRule
from crm.ownership.operations import be_away, hand_over, save_rule
from crm.tasks.models import Task
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
    changed = db.session.query(ContactActivity).filter_by(activity_type="contact_updated").first()
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


def test_a_rule_needs_a_name_and_somebody(as_ada, ada):
    reply = as_ada.post("/ownership/rules/new", data={"name": "", "country": ""})
    assert reply.status_code == 422
    assert "Choose at least one person" in reply.text
    assert as_ada.post("/ownership/rules/new", data={"name": "x", "people": ["999"]}).status_code == 422


def test_handing_over_shares_contacts_and_tasks(as_ada, ada, mo, agnes):
    contacts = [factories.contact(email=f"{n}@example.com", owner_id=agnes.id) for n in range(3)]
    db.session.add(Task(contact_id=contacts[1].id, title="Call", assigned_to=agnes.id))
    commit()
    form = {"giver": agnes.id, "takers": [ada.id, mo.id], "with_tasks": "y"}
    assert as_ada.post("/ownership/handover", data=form).location == "/ownership"
    assert [each.owner_id for each in contacts] == [ada.id, mo.id, ada.id]
    assert db.session.query(Task).one().assigned_to == mo.id
    assert hand_over(agnes, [mo], SYSTEM) == 0
    assert as_ada.post("/ownership/handover", data={"giver": mo.id, "takers": [mo.id]}).status_code == 422


def test_somebody_is_away_on_screen(as_ada, mo):
    until = (TODAY + timedelta(days=5)).isoformat()
    as_ada.post("/ownership/absences", data={"person": mo.id, "last_on": until})
    assert "Mo is back" in as_ada.get("/ownership").text
    as_ada.post(f"/ownership/absences/{mo.id}/end")
    assert "Nobody is away" in as_ada.get("/ownership").text
    assert as_ada.post("/ownership/absences", data={"person": mo.id, "last_on": "soon"}).status_code == 422


def test_only_administrators_set_rules(as_mo):
    assert as_mo.get("/ownership").status_code == 403
    assert as_mo.post("/ownership/handover").status_code == 403


def test_no_rules_no_owner(app):
    assert added("a") is None
    assert db.session.query(Contact).count() == 1
