"""The list narrowed by a condition, its columns and saved views."""

import json
import re
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest

from crm.contacts.orders import SORTS
from crm.custom_fields.operations import create_field, write_values
from crm.database import db
from crm.views.queries import columns_of, pinned_by, views_of
from tests import factories


@pytest.fixture
def people(app):
    level = create_field("Level", "choice", choices=["A1", "B1"])
    carla = factories.contact(city="Lima", birthday=date(2001, 5, 14))
    otto = factories.contact(first_name="Otto", email="otto@example.com", city="Quito", country="EC")
    ida = factories.contact(first_name="Ida", email="ida@example.com", city="Lima", country="PE")
    write_values(level, {carla.id: "B1", otto.id: "A1"})
    db.session.commit()
    return carla, otto, ida


def ids_in(reply):
    return [int(each) for each in re.findall(r'<th scope="row"><a class="person" href="/contacts/(\d+)"', reply.text)]


def condition(*clauses, match="all"):
    return json.dumps(
        {
            "match": match,
            "conditions": [dict(zip(("field", "operator", "value"), each, strict=True)) for each in clauses],
        }
    )


LIMA = ("city", "equals", "Lima")
A1 = ("fields.level", "equals", "A1")


def test_the_builder_leads_to_the_list(as_mo, people):
    assert "Add condition" in as_mo.get("/contacts/filter").text
    posted = {
        "condition-match": "all",
        "condition-0-field": "city",
        "condition-0-operator": "equals",
        "condition-0-value": "lima",
    }
    reply = as_mo.post("/contacts/filter?sort=name&q=example", data=posted)
    query = parse_qs(urlsplit(reply.location).query)
    assert (query["sort"], query["q"]) == (["name"], ["example"])
    assert json.loads(query["if"][0])["conditions"][0]["value"] == "lima"
    assert ids_in(as_mo.get(reply.location)) == [people[0].id, people[2].id]


def test_the_builder_begins_with_a_row_that_may_stay_empty(as_mo, people):
    assert 'name="condition-0-field"' in as_mo.get("/contacts/filter").text
    posted = {"condition-match": "all", "condition-0-field": ""}
    reply = as_mo.post("/contacts/filter?sort=name", data=posted)
    assert (reply.status_code, reply.location) == (303, "/contacts?sort=name")
    more = as_mo.post("/contacts/filter", data={**posted, "condition-edit": "clause:"}).text
    assert 'name="condition-1-field"' in more


def test_an_unfinished_condition_is_shown_again(as_mo, people):
    posted = {
        "condition-match": "all",
        "condition-0-field": "city",
        "condition-0-operator": "equals",
        "condition-0-value": "",
    }
    reply = as_mo.post("/contacts/filter", data=posted)
    assert reply.status_code == 422
    assert "complete the marked conditions" in reply.text


def test_each_clause_is_a_chip_that_comes_off(as_mo, people):
    page = as_mo.get("/contacts", query_string={"if": condition(LIMA, ("country", "is_set", None))})
    assert ids_in(page) == [people[2].id]
    assert "City is Lima" in page.text
    assert "Country is set" in page.text
    either = as_mo.get("/contacts", query_string={"if": condition(LIMA, A1, match="any")})
    assert len(ids_in(either)) == 3
    assert "City is Lima or level is A1" in either.text


@pytest.mark.parametrize(
    "text", ["nonsense", "[1]", '{"conditions": 7}', '{"conditions": [{"field": "gone"}]}', "[" * 3000]
)
def test_what_is_no_condition_harms_nobody(as_mo, people, text):
    assert as_mo.get("/contacts", query_string={"if": text}).status_code == 200
    assert as_mo.get("/contacts/filter", query_string={"if": text}).status_code == 200
    assert as_mo.get("/contacts/count", query_string={"if": text}).status_code == 200


def test_an_agent_filters_her_own(as_agnes, agnes, people):
    people[0].owner_id = agnes.id
    assert ids_in(as_agnes.get("/contacts", query_string={"if": condition(LIMA)})) == [people[0].id]


def test_the_list_is_sorted_by_a_field_of_the_school(as_mo, people):
    carla, otto, ida = (each.id for each in people)
    assert ids_in(as_mo.get("/contacts?sort=fields.level")) == [otto, carla, ida]
    assert ids_in(as_mo.get("/contacts?sort=-fields.level")) == [carla, otto, ida]


def test_every_column_can_be_shown(as_mo, mo, people):
    keys = re.findall(r'name="columns" value="([^"]+)"', as_mo.get("/contacts/columns").text)
    assert {"fields.level", "tags", "guardian", "utm_source"} <= set(keys)
    assert {key for key in SORTS if key != "name"} <= set(keys)
    for start in range(0, len(keys), 15):
        as_mo.post("/contacts/columns", data={"columns": keys[start : start + 15]})
        assert len(ids_in(as_mo.get("/contacts"))) == 3
    as_mo.post("/contacts/columns", data={"columns": ["city", "fields.level", "gone"]})
    page = as_mo.get("/contacts").text
    assert "B1" in page
    assert "carla@example.com" not in page
    as_mo.post("/contacts/columns", data={"columns": ["city", "fields.level"], "move": "up:fields.level"})
    assert columns_of(mo, None) == ["fields.level", "city"]


def test_an_agent_is_shown_no_owner_and_no_guardian(as_agnes):
    assert 'value="guardian"' not in as_agnes.get("/contacts/columns").text


def test_a_view_keeps_condition_order_and_columns(as_mo, mo, people):
    as_mo.post("/contacts/columns", data={"columns": ["city"]})
    query = {"if": condition(LIMA), "sort": "name"}
    as_mo.post("/contacts/views/new", query_string=query, data={"name": "Lima"})
    [view] = views_of(mo)
    assert pinned_by(mo) == {view.id}
    assert (view.columns, view.is_shared) == (["city"], False)
    page = as_mo.get(f"/contacts/views/{view.id}", follow_redirects=True)
    assert ids_in(page) == [people[0].id, people[2].id]
    assert 'aria-current="page">Lima' in page.text
    as_mo.post("/contacts/columns", query_string={"view": view.id}, data={"columns": ["email"]})
    assert (columns_of(mo, view), columns_of(mo, None)) == (["email"], ["city"])
    as_mo.post(f"/contacts/views/{view.id}/query?sort=email")
    assert view.query == {"sort": "email"}


def test_a_private_view_is_hidden_and_a_shared_one_is_seen_not_changed(as_mo, as_agnes, agnes, mo, people):
    as_mo.post("/contacts/views/new?sort=name", data={"name": "All of them"})
    [view] = views_of(mo)
    assert as_agnes.get(f"/contacts/views/{view.id}").status_code == 404
    as_mo.post(f"/contacts/views/{view.id}/edit", data={"name": "Everybody", "is_shared": "y"})
    assert "Everybody" in as_agnes.get("/contacts/views").text
    assert ids_in(as_agnes.get(f"/contacts/views/{view.id}", follow_redirects=True)) == []
    for address in ("edit", "query", "deletion"):
        assert as_agnes.post(f"/contacts/views/{view.id}/{address}", data={"name": "x"}).status_code == 403
    as_agnes.post(f"/contacts/views/{view.id}/pin", data={"is_pinned": "yes"})
    as_agnes.post(f"/contacts/views/{view.id}/pin", data={"is_pinned": "yes"})
    assert pinned_by(agnes) == {view.id}
    as_agnes.post(f"/contacts/views/{view.id}/pin", data={"is_pinned": "no"})
    assert pinned_by(agnes) == set()


def test_a_view_needs_a_name_and_can_be_deleted(as_mo, mo):
    assert as_mo.post("/contacts/views/new", data={"name": " "}).status_code == 422
    as_mo.post("/contacts/views/new", data={"name": "Mine"})
    [view] = views_of(mo)
    as_mo.post(f"/contacts/views/{view.id}/deletion")
    assert views_of(mo) == []
