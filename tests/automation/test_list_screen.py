"""The list of workflows."""

from __future__ import annotations

from flask.testing import FlaskClient

from crm.automation.operations import archive, create_workflow, enroll
from crm.automation.overview import PAGE
from crm.database import commit
from tests.automation.paths import draft, running
from tests.factories import contact


def test_it_says_what_starts_each_and_how_many_are_where(as_mo: FlaskClient) -> None:
    running(("wait_duration", {"duration": 1, "unit": "days"}), trigger="student_created", source="Fair")
    page = as_mo.get("/workflows").text
    assert "Welcome" in page
    assert "A contact is added with the source “Fair”" in page


def test_it_shows_those_of_one_status(as_mo: FlaskClient) -> None:
    running(("wait_duration", {"duration": 1, "unit": "days"}))
    create_workflow("Win back")
    active = as_mo.get("/workflows?status=active").text
    assert "Welcome" in active
    assert "Win back" not in active


def test_archived_ones_are_out_of_the_way(as_mo: FlaskClient) -> None:
    archive(draft().workflow)
    assert "Every workflow is archived" in as_mo.get("/workflows").text
    assert "Welcome" in as_mo.get("/workflows?status=archived").text


def test_a_long_list_has_pages(as_mo: FlaskClient) -> None:
    for number in range(PAGE + 1):
        create_workflow(f"Number {number}")
    commit()
    page = as_mo.get("/workflows").text
    following = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "Number 0<" not in page
    assert "Number 0<" in as_mo.get(following).text


def test_a_broken_place_in_the_list_is_its_beginning(as_mo: FlaskClient) -> None:
    create_workflow("Win back")
    for place in ("junk~x", "2020-01-01T00:00:00~x", "0001-01-01T00:00:00+14:00~1", "~"):
        assert "Win back" in as_mo.get("/workflows", query_string={"after": place}).text


def test_with_none_it_offers_a_beginning(as_mo: FlaskClient) -> None:
    page = as_mo.get("/workflows").text
    assert "Start from “Welcome new contacts”" in page


def test_agents_and_viewers_are_refused(as_agnes: FlaskClient, as_vic: FlaskClient) -> None:
    assert as_agnes.get("/workflows").status_code == 403
    assert as_vic.get("/workflows").status_code == 403


def test_the_numbers_keep_up_and_cost_nothing_while_nothing_happens(as_mo: FlaskClient) -> None:
    workflow = running(("wait_duration", {"duration": 1, "unit": "days"}))
    poll = (
        as_mo.get("/workflows")
        .text.split('id="workflow-rows" data-poll="20" hx-get="')[1]
        .split('"')[0]
        .replace("&amp;", "&")
    )
    assert as_mo.get(poll).status_code == 204
    enroll(workflow, [contact().id])
    commit()
    assert as_mo.get(poll).status_code == 200
