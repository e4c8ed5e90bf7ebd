"""The tag manager."""

import json
import re

from crm.automation.models import Version, Workflow
from crm.conditions.mentions import Use
from crm.database import db
from crm.tags.models import Tag, TagRule
from crm.tags.operations import add_tag
from crm.tags.queries import tags_of
from crm.tags.rules import save_rule
from crm.views.models import ContactView
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


def test_one_in_use_is_replaced_everywhere_or_kept(as_mo, mo):
    hot, warm = factories.tag("Hot"), factories.tag("Warm")
    clause = {"field": "tags", "operator": "in_list", "value": ["hot", str(hot.id)]}
    regulars = factories.audience(condition={"match": "all", "conditions": [clause]})
    view = ContactView(name="Mine", owner_id=mo.id, query={"tag": ["hot"], "if": json.dumps({"conditions": [clause]})})
    workflow = Workflow(name="Welcome", status="draft")
    db.session.add_all([view, workflow])
    db.session.flush()
    version = Version(workflow_id=workflow.id, number=1, trigger_conditions={"tag_id": hot.id})
    rule = save_rule(TagRule(), hot, "tag_removed", {"refers": {"tag_id": hot.id}}, None)
    db.session.add(version)
    db.session.commit()
    url = f"/tags/{hot.id}/deletion"
    assert "takes its place" in as_mo.get(url).text
    assert as_mo.post(url).status_code == 422
    assert as_mo.post(url, data={"replacement": "warm"}).status_code == 302
    clause = {"field": "tags", "operator": "in_list", "value": ["warm", str(warm.id)]}
    assert regulars.condition == {"match": "all", "conditions": [clause]}
    assert (view.query["tag"], json.loads(view.query["if"])) == (["warm"], {"conditions": [clause]})
    assert version.trigger_conditions == {"tag_id": warm.id}
    assert (rule.tag_id, rule.filters["refers"]) == (warm.id, {"tag_id": warm.id})


def test_two_who_edit_one_are_told(as_mo, as_ada):
    hot = factories.tag("Hot")
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', as_mo.get(f"/tags/{hot.id}").text)[1]
    form = {"name": "Hotter", "color": "red", "seen": seen}
    assert as_ada.post(f"/tags/{hot.id}", data=form).status_code == 302
    reply = as_mo.post(f"/tags/{hot.id}", data={**form, "name": "Hottest"})
    assert (reply.status_code, "Somebody else changed this" in reply.text, hot.name) == (422, True, "Hotter")


def test_an_agent_manages_none(as_agnes):
    hot = factories.tag("Hot")
    assert {as_agnes.get(path).status_code for path in ("/tags", "/tags/new", f"/tags/{hot.id}")} == {403}
    assert as_agnes.post(f"/tags/{hot.id}/deletion").status_code == 403
