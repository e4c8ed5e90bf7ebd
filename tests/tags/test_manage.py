"""The tag manager."""

from crm.conditions.mentions import Use
from crm.database import db
from crm.tags.models import Tag
from crm.tags.operations import add_tag
from crm.tags.queries import tags_of
from tests import factories


def test_a_tag_is_made_changed_and_counted(as_mo, mo):
    as_mo.post("/tags/new", data={"name": "Hot", "color": "red", "description": "Calls back"})
    hot = db.session.query(Tag).one()
    add_tag(factories.contact(), hot, mo.actor)
    page = as_mo.get("/tags").text
    assert 'aria-label="1 contacts with Hot"' in page
    as_mo.post(f"/tags/{hot.id}", data={"name": "Very hot", "color": "pink"})
    db.session.expire_all()
    assert (hot.name, hot.slug, hot.color) == ("Very hot", "hot", "pink")


def test_a_taken_name_is_told_beside_the_field(as_mo):
    factories.tag("Hot")
    reply = as_mo.post("/tags/new", data={"name": "HOT", "color": "red"})
    assert reply.status_code == 422
    assert "There is already a tag “Hot”." in reply.text


def test_an_unknown_colour_is_refused(as_mo):
    assert as_mo.post("/tags/new", data={"name": "Hot", "color": "url(x)"}).status_code == 422


def test_deleting_says_who_wears_it_and_what_uses_it(app, as_mo, mo):
    hot, warm, carla = factories.tag("Hot"), factories.tag("Warm"), factories.contact()
    add_tag(carla, hot, mo.actor)
    app.extensions["where_used"] = (lambda thing: [Use(f"Workflow for {max(thing.refs)}", "/workflows/1")],)
    page = as_mo.get(f"/tags/{hot.id}/deletion").text
    assert "1 contact" in page
    assert "Workflow for hot" in page
    edit = f"/tags/{hot.id}"
    as_mo.post(f"{edit}/deletion", data={"replacement": "warm"})
    assert tags_of([carla.id]) == {carla.id: [warm]}
    assert as_mo.get(edit).status_code == 404


def test_an_agent_manages_none(as_agnes):
    hot = factories.tag("Hot")
    assert {as_agnes.get(path).status_code for path in ("/tags", "/tags/new", f"/tags/{hot.id}")} == {403}
    assert as_agnes.post(f"/tags/{hot.id}/deletion").status_code == 403
