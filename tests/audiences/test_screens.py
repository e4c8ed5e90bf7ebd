"""Audiences on screen."""

import re

import pytest

from crm.audiences.models import Audience, AudienceMember
from crm.audiences.operations import add_to_audience
from crm.audiences.refreshing import refresh
from crm.conditions.mentions import uses_of
from crm.database import commit, db
from crm.tags.queries import mentioned
from tests import factories

HTMX = {"HX-Request": "true"}
PARIS = {"match": "all", "conditions": [{"field": "city", "operator": "equals", "value": "Paris"}]}
POSTED = {
    "condition-match": "all",
    "condition-0-field": "city",
    "condition-0-operator": "equals",
    "condition-0-value": "Paris",
    "condition-0-shape": "city:text",
}


@pytest.fixture
def regulars(app):
    return factories.audience(description="Come every week")


@pytest.fixture
def paris(app):
    return factories.audience("Paris", PARIS)


def members():
    db.session.expire_all()
    return sorted((each.audience_id, each.contact_id) for each in db.session.query(AudienceMember))


def test_a_dynamic_audience_is_made_and_changed(as_mo):
    reply = as_mo.post("/audiences/new", data={"name": "From Paris", **POSTED})
    made = db.session.query(Audience).one()
    assert (reply.location, made.kind, made.condition) == (f"/audiences/{made.id}", "dynamic", PARIS)
    assert 'value="Paris"' in as_mo.get(f"/audiences/{made.id}/edit").text
    as_mo.post(f"/audiences/{made.id}/edit", data={"name": "Parisians", **POSTED})
    assert (made.name, made.slug) == ("Parisians", "from-paris")


def test_a_static_audience_is_made(as_mo):
    as_mo.post("/audiences/new?kind=static", data={"name": "Regulars"})
    assert db.session.query(Audience).one().kind == "static"


def test_what_cannot_be_is_told_beside_the_field(as_mo, regulars):
    reply = as_mo.post("/audiences/new", data={"name": "REGULARS", **POSTED})
    assert (reply.status_code, "There is already an audience “Regulars”." in reply.text) == (422, True)
    reply = as_mo.post("/audiences/new", data={"name": "All", "condition-match": "all"})
    assert (reply.status_code, "Add at least one condition." in reply.text) == (422, True)


def test_the_builder_works_without_scripts(as_mo):
    reply = as_mo.post("/audiences/new", data={"name": "From Paris", **POSTED, "condition-edit": "clause:"})
    assert (reply.status_code, 'name="condition-1-field"' in reply.text) == (422, True)
    assert db.session.query(Audience).count() == 0


def test_two_who_edit_at_once_are_told(as_mo, paris):
    page = as_mo.get(f"/audiences/{paris.id}/edit").text
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', page)[1]
    as_mo.post(f"/audiences/{paris.id}/edit", data={"name": "One", "seen": seen, **POSTED})
    reply = as_mo.post(f"/audiences/{paris.id}/edit", data={"name": "Other", "seen": seen, **POSTED})
    assert (reply.status_code, "Somebody else changed this" in reply.text) == (409, True)
    assert paris.name == "One"
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', reply.text)[1]
    as_mo.post(f"/audiences/{paris.id}/edit", data={"name": "Other", "seen": seen, **POSTED})
    assert paris.name == "Other"


def test_the_list_is_searched_and_narrowed(as_mo, regulars, paris):
    page = as_mo.get("/audiences").text
    assert "Regulars" in page and "Paris" in page and "Come every week" in page
    assert "Regulars</a>" not in as_mo.get("/audiences?q=par").text
    assert "Regulars</a>" not in as_mo.get("/audiences?kind=dynamic").text
    assert "No audience matches" in as_mo.get("/audiences?q=100%25").text


def test_a_sample_is_shown_while_editing(as_mo):
    factories.contact(city="Paris")
    assert "Carla Diaz" in as_mo.post("/audiences/sample", data=POSTED).text
    assert "Nobody matches" in as_mo.post("/audiences/sample", data={**POSTED, "condition-0-value": "Rome"}).text
    assert "Carla" not in as_mo.post("/audiences/sample", data={"condition-match": "all"}).text


def test_its_page_shows_members_and_how_many_match_now(as_mo, paris):
    carla = factories.contact(city="Paris")
    assert "are being gathered" in as_mo.get(f"/audiences/{paris.id}").text
    refresh(paris.id)
    page = as_mo.get(f"/audiences/{paris.id}").text
    assert "1 member as of" in page and f"/contacts/{carla.id}" in page and "City is Paris" in page
    assert "1 match now" in as_mo.get(f"/audiences/{paris.id}/matching", headers=HTMX).text


def test_a_broken_condition_is_told(as_mo):
    gone = {"match": "all", "conditions": [{"field": "tags", "operator": "contains", "value": "gone"}]}
    broken = factories.audience("Broken", gone)
    assert "can no longer be understood" in as_mo.get(f"/audiences/{broken.id}").text


def test_why_somebody_is_in_or_out(as_mo, paris):
    carla = factories.contact(city="Rome")
    for who in ("CARLA@example.com", carla.id, "carla diaz"):
        page = as_mo.get(f"/audiences/{paris.id}/why?who={who}").text
        assert "does not belong" in page and "(is: Rome)" in page
    assert "No such contact" in as_mo.get(f"/audiences/{paris.id}/why?who=nobody").text


def test_a_contact_is_put_in_and_taken_out_on_their_page(as_mo, regulars, paris):
    carla = factories.contact(city="Paris")
    page = as_mo.post(f"/contacts/{carla.id}/audiences", data={"audience": regulars.id}, headers=HTMX).text
    assert "Remove from Regulars" in page
    assert members() == [(regulars.id, carla.id)]
    reply = as_mo.post(f"/contacts/{carla.id}/audiences", data={"audience": paris.id}, headers=HTMX)
    assert (reply.status_code, "filled by its condition" in reply.text) == (422, True)
    assert as_mo.post(f"/contacts/{carla.id}/audiences", data={"audience": 99}).status_code == 422
    as_mo.post(f"/contacts/{carla.id}/audiences/{regulars.id}/removal")
    as_mo.post(f"/contacts/{carla.id}/audiences/{regulars.id}/removal")
    assert members() == []


def test_many_are_put_in_at_once_and_it_can_be_undone(as_mo, mo, regulars):
    carla, otto = factories.contact(), factories.contact(email="otto@example.com")
    add_to_audience(regulars, [carla.id], mo.actor)
    as_mo.post("/contacts/audience-members", data={"audience": regulars.id, "ids": [carla.id, otto.id, 999, "x"]})
    page = as_mo.get("/contacts").text
    assert "1 contact is now in “Regulars”." in page
    undo = re.search(r'action="(/contacts/audience-members/removal[^"]+)"', page)[1].replace("&amp;", "&")
    as_mo.post(undo)
    assert members() == [(regulars.id, carla.id)]
    assert as_mo.post("/contacts/audience-members", data={"ids": [carla.id]}).location == "/contacts"


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test", "/audiences/../x", "/audiences/1/deletion"])
def test_it_leads_back_to_our_lists_only(as_mo, regulars, back):
    data = {"audience": regulars.id, "back": back}
    assert as_mo.post("/contacts/audience-members/removal", data=data).location == "/contacts"
    data["back"] = f"/audiences/{regulars.id}"
    assert as_mo.post("/contacts/audience-members/removal", data=data).location == data["back"]


def test_the_contact_list_is_narrowed_to_an_audience(as_mo, mo, regulars):
    carla = factories.contact()
    factories.contact(first_name="Otto", email="otto@example.com")
    add_to_audience(regulars, [carla.id], mo.actor)
    page = as_mo.get("/contacts?audience=regulars").text
    assert "carla@example.com" in page and "otto@example.com" not in page


def test_an_agent_sees_only_her_own_in_it(as_agnes, agnes, mo, regulars, paris):
    carla = factories.contact(city="Paris")
    mine = factories.contact(first_name="Mine", email="mine@example.com", owner_id=agnes.id)
    add_to_audience(regulars, [carla.id, mine.id], mo.actor)
    commit()
    assert re.search(r'data-label="Contacts">1</td>', as_agnes.get("/audiences").text)
    page = as_agnes.get(f"/audiences/{regulars.id}").text
    assert "1 member" in page and "mine@example.com" in page and "carla@example.com" not in page
    assert "0 match now" in as_agnes.get(f"/audiences/{paris.id}/matching").text
    assert "No such contact" in as_agnes.get(f"/audiences/{paris.id}/why?who=carla@example.com").text
    assert as_agnes.get(f"/contacts/{carla.id}/audiences").status_code == 404
    as_agnes.post("/contacts/audience-members/removal", data={"audience": regulars.id, "ids": [carla.id, mine.id]})
    assert members() == [(regulars.id, carla.id)]


def test_an_agent_manages_none(as_agnes, regulars):
    for path in ("new", f"{regulars.id}/edit", f"{regulars.id}/deletion"):
        assert as_agnes.get(f"/audiences/{path}").status_code == 403
    assert as_agnes.post(f"/audiences/{regulars.id}/duplicate").status_code == 403


def test_before_it_is_deleted_one_is_told_what_uses_it(app, as_mo, mo, regulars):
    clause = {"field": "audience", "operator": "contains", "value": "regulars"}
    factories.audience("Depending", {"match": "all", "conditions": [clause]})
    add_to_audience(regulars, [factories.contact().id], mo.actor)
    home = f"/audiences/{regulars.id}"
    page = as_mo.get(f"{home}/deletion").text
    assert "Audience “Depending”" in page and "1 member" in page
    as_mo.post(f"{home}/deletion")
    assert as_mo.get(home).status_code == 404
    assert members() == []


def test_a_tag_tells_the_audiences_that_speak_of_it(app):
    clause = {"field": "tags", "operator": "contains", "value": "hot"}
    factories.audience("Hot ones", {"match": "all", "conditions": [clause]})
    with app.test_request_context():
        assert [use.label for use in uses_of(mentioned(factories.tag("Hot")))] == ["Audience “Hot ones”"]


def test_it_is_duplicated(as_mo, paris):
    as_mo.post(f"/audiences/{paris.id}/duplicate")
    copy = db.session.query(Audience).where(Audience.name == "Copy of Paris").one()
    assert (copy.slug, copy.condition) == ("copy-of-paris", PARIS)
