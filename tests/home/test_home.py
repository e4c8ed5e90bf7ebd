"""Where one lands."""

from datetime import timedelta

from crm.database import commit
from crm.lib import clock
from crm.tasks.operations import NewTask, create_task
from tests import factories

PIECE = {"HX-Request": "true"}


def test_who_works_with_contacts_lands_on_the_day(as_ada, as_agnes):
    page = as_ada.get("/").text
    assert [each in page for each in ("Your tasks today", "New contacts", "Team", "Workflow problems")] == [True] * 4
    assert "Workflow problems" not in as_agnes.get("/").text


def test_a_viewer_is_taken_to_the_first_place_they_may_use(as_vic):
    assert as_vic.get(as_vic.get("/").location).status_code == 200


def test_who_is_not_signed_in_signs_in_first(anonymous):
    assert anonymous.get("/").location == "/sign-in?next=/"


def test_the_day_shows_what_is_late_and_what_is_for_today(as_ada, ada):
    carla, today = factories.contact(), clock.now().date()
    for title, days in (("Late", -1), ("Now", 0), ("Later", 1)):
        create_task(NewTask(carla.id, title, due_date=today + timedelta(days), assigned_to=ada.id, by=ada.actor))
    commit()
    page = as_ada.get("/home/tasks", headers=PIECE).text
    assert (">Late<" in page, ">Now<" in page, ">Later<" in page) == (True, True, False)
    page = as_ada.post("/tasks/1/completion?on=home", headers=PIECE).text
    assert ('id="today"' in page, ">Late<" in page) == (True, False)
    assert as_ada.post("/tasks/2/completion?on=home").location == "/"


def test_the_team_shows_who_has_how_much(as_ada, ada, mo):
    carla, today = factories.contact(), clock.now().date()
    for user_id, days in ((mo.id, -3), (mo.id, 3), (None, 1)):
        create_task(NewTask(carla.id, "Call", due_date=today + timedelta(days), assigned_to=user_id, by=ada.actor))
    commit()
    page = as_ada.get("/home/team", headers=PIECE).text
    assert (">Mo<" in page, "Nobody yet" in page, f"whose={mo.id}" in page) == (True, True, True)
    as_ada.post("/tasks/1/completion")
    assert "100 % within a day" in as_ada.get("/home/team", headers=PIECE).text


def test_an_agents_day_speaks_of_her_contacts_only(as_agnes, agnes, ada):
    factories.contact(first_name="Canary")
    page = as_agnes.get("/contacts/newest", headers=PIECE).text + as_agnes.get("/home/team", headers=PIECE).text
    assert ("Canary" in page, "None within a week" in page) == (False, True)


def test_a_wrong_address_keeps_the_frame_for_those_signed_in(as_mo, anonymous):
    reply = as_mo.get("/no-such-place")
    assert reply.status_code == 404
    assert "There is nothing at this address" in reply.text
    assert 'aria-label="Breadcrumb"' not in reply.text
    assert 'id="side"' in reply.text
    assert 'id="side"' not in anonymous.get("/no-such-place").text


def test_what_the_role_excludes_is_said_within_the_frame(as_agnes):
    reply = as_agnes.get("/people")
    assert (reply.status_code, "You may not open this" in reply.text, 'id="side"' in reply.text) == (403, True, True)
