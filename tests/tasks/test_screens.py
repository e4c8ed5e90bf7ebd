"""The task list, one task, and the tasks of a contact; without JavaScript and in pieces."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import commit, db
from crm.lib import clock
from crm.tasks import operations, overview
from crm.tasks.models import Task
from crm.tasks.operations import NewTask
from crm.users.models import Team
from tests import factories

PIECE = {"HX-Request": "true"}


@pytest.fixture
def carla(app):
    return factories.contact()


def make(contact, title="Call", **values):
    made = operations.create_task(NewTask(contact.id, title, **values))
    commit()
    return made


def test_late_comes_before_today_and_later(as_ada, carla):
    today = clock.now().date()
    make(carla, "Some day")
    make(carla, "Next week", due_date=today + timedelta(7))
    make(carla, "Now", due_date=today)
    make(carla, "Late", due_date=today - timedelta(1))
    page = as_ada.get("/tasks?whose=all").text
    places = [
        page.index(each)
        for each in ("Overdue", ">Late<", ">Today<", ">Now<", "Later", "Next week", "No day", "Some day")
    ]
    assert places == sorted(places)


def test_a_task_is_late_on_the_clock_of_whom_it_is_for(as_ada, ada, mo, carla):
    ada.timezone, mo.timezone = "Etc/GMT+12", "Pacific/Kiritimati"  # 26 hours later
    his_day = clock.local(clock.now(), mo.timezone).date()
    make(carla, "Late", due_date=his_day - timedelta(1), assigned_to=mo.id)
    make(carla, "Now", due_date=his_day, assigned_to=mo.id)
    page = as_ada.get("/tasks?whose=all").text
    places = [page.index(each) for each in ("Overdue", ">Late<", ">Today<", ">Now<")]
    assert (places, "Later" in page) == (sorted(places), False)
    assert [each.overdue for each in overview.workload(ada, clock.now())] == [1]


def test_mine_are_mine(as_ada, ada, mo, carla):
    make(carla, "For Ada", assigned_to=ada.id)
    make(carla, "For Mo", assigned_to=mo.id)
    page = as_ada.get("/tasks").text
    assert ("For Ada" in page, "For Mo" in page, "1 open for you" in page) == (True, False, True)
    everybodys = as_ada.get("/tasks?whose=all").text
    assert ("For Mo" in everybodys, "2 open" in everybodys, "open for you" in everybodys) == (True, True, False)


def test_two_who_edit_one_are_told(as_ada, as_mo, carla):
    task = make(carla, "Call")
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', as_ada.get(f"/tasks/{task.id}").text)[1]
    form = {"title": "Call again", "priority": "high", "assigned_to": "", "seen": seen}
    assert as_mo.post(f"/tasks/{task.id}", data=form).status_code == 302
    reply = as_ada.post(f"/tasks/{task.id}", data={**form, "title": "Write"})
    assert (reply.status_code, "Somebody else changed this" in reply.text, task.title) == (422, True, "Call again")


def test_a_teams_are_those_of_its_members_in_list_and_board(as_ada, as_agnes, ada, mo, agnes, carla):
    north = Team(name="North", members=[mo, agnes])
    db.session.add(north)
    for person in (ada, mo, agnes):
        make(carla, f"For {person.name}", assigned_to=person.id)
    for page in ("/tasks", "/tasks/board"):
        shown = as_ada.get(f"{page}?whose=team-{north.id}").text
        assert ["For Ada" in shown, "For Mo" in shown, "For Agnes" in shown] == [False, True, True]
        assert f'value="team-{north.id}" selected' in shown
        hers = as_agnes.get(f"{page}?whose=team-{north.id}").text
        assert ["For Mo" in hers, "For Agnes" in hers] == [False, True]
        assert as_ada.get(f"{page}?whose=team-99999999999999999999").status_code == 200


def test_it_is_ticked_off_in_place_and_back(as_ada, carla):
    task = make(carla)
    row = as_ada.post(f"/tasks/{task.id}/completion", headers=PIECE).text
    assert f'<tr id="task-{task.id}" class="done">' in row
    db.session.refresh(task)
    assert task.status == "completed"
    assert "Call" in as_ada.get("/tasks?whose=all&state=done").text
    as_ada.delete(f"/tasks/{task.id}/completion", headers=PIECE)
    db.session.refresh(task)
    assert task.status == "pending"


def test_it_works_without_javascript(as_ada, carla):
    task = make(carla)
    assert as_ada.post(f"/tasks/{task.id}/completion").location == "/tasks"
    assert (
        as_ada.post(f"/tasks/{task.id}/completion?on=contact", data={"undo": "1"}).location == f"/contacts/{carla.id}"
    )
    db.session.refresh(task)
    assert task.is_open


def test_the_panel_of_a_contact_shows_open_tasks_and_adds_one(as_ada, ada, carla):
    assert "Nothing to do" in as_ada.get(f"/contacts/{carla.id}/tasks", headers=PIECE).text
    reply = as_ada.post(
        f"/contacts/{carla.id}/tasks", data={"title": "Call back", "due_date": "2026-12-01"}, headers=PIECE
    )
    assert ('id="composer"' in reply.text, reply.headers["HX-Trigger"]) == (
        True,
        '{"contact-changed": {"target": "body"}}',
    )
    page = as_ada.get(f"/contacts/{carla.id}/tasks", headers=PIECE).text
    assert ("Call back" in page, "1 Dec 2026" in page) == (True, True)
    task = db.session.scalar(sa.select(Task))
    assert (task.assigned_to, task.created_by) == (ada.id, ada.id)
    panel = as_ada.post(f"/tasks/{task.id}/completion?on=contact", headers=PIECE).text
    assert ('<div id="tasks"' in panel, ">Call back<" in panel) == (True, False)
    assert as_ada.post(f"/contacts/{carla.id}/tasks", data={"title": ""}, headers=PIECE).status_code == 422
    assert as_ada.post(f"/contacts/{carla.id}/tasks", data={"title": "x"}).location == f"/contacts/{carla.id}"


def test_a_task_is_written_in_full(as_ada, mo, carla):
    values = {
        "title": "Call",
        "contact": "carla d",
        "due_date": "2026-12-01",
        "due_time": "09:30",
        "priority": "high",
        "assigned_to": str(mo.id),
        "description": "Piano",
    }
    assert as_ada.post("/tasks/new", data=values).status_code == 302
    task = db.session.scalar(sa.select(Task))
    assert (task.contact_id, task.assigned_to, task.priority, task.due_time.hour) == (carla.id, mo.id, "high", 9)
    page = as_ada.get(f"/tasks/{task.id}").text
    assert ("Piano" in page, 'value="09:30"' in page) == (True, True)
    as_ada.post(f"/tasks/{task.id}", data={**values, "title": "Write", "due_date": "", "due_time": ""})
    db.session.refresh(task)
    assert (task.title, task.due_date) == ("Write", None)


def test_bad_input_is_said_beside_the_field(as_ada, carla):
    factories.contact(email="carl@example.com", first_name="Carl")
    for contact, words in (
        ("nobody", "There is no such contact."),
        ("car", "Which one?"),
        ("", "Say who it is about."),
    ):
        reply = as_ada.post(
            "/tasks/new", data={"title": "Call", "contact": contact, "priority": "medium", "assigned_to": ""}
        )
        assert (reply.status_code, words in reply.text) == (422, True)
    reply = as_ada.post(
        f"/tasks/new?contact_id={carla.id}",
        data={"title": "Call", "due_time": "09:00", "priority": "medium", "assigned_to": ""},
    )
    assert (reply.status_code, "A time needs its day." in reply.text) == (422, True)
    for far in ({"due_date": "9999-12-31"}, {"due_date": "0001-01-01"}, {"remind": "9999-12-31T23:00"}):
        form = {"title": "Call", "priority": "medium", "assigned_to": "", **far}
        reply = as_ada.post(f"/tasks/new?contact_id={carla.id}", data=form)
        assert (reply.status_code, "Choose a year from 1800 to 2999." in reply.text) == (422, True)
    assert db.session.scalar(sa.select(Task)) is None


def test_contacts_are_offered_while_a_name_is_typed(as_ada, carla):
    assert 'value="carla@example.com"' in as_ada.get("/tasks/contacts?contact=car").text


def test_a_task_is_deleted_and_brought_back(as_ada, carla):
    task = make(carla)
    assert as_ada.get(f"/tasks/{task.id}/deletion").status_code == 405
    as_ada.post(f"/tasks/{task.id}/deletion")
    assert as_ada.get(f"/tasks/{task.id}").status_code == 404
    assert "Call" in as_ada.get("/tasks/deleted").text
    as_ada.post(f"/tasks/{task.id}/restoration")
    assert as_ada.get(f"/tasks/{task.id}").status_code == 200


def test_an_agent_sees_tasks_of_her_contacts_and_her_own(as_agnes, agnes, ada, carla):
    hers = factories.contact(email="eva@example.com", first_name="Eva", owner_id=agnes.id)
    make(hers, "About Eva", assigned_to=ada.id)
    make(carla, "Given to Agnes", assigned_to=agnes.id)
    secret = make(carla, "Secret", assigned_to=ada.id)
    page = as_agnes.get("/tasks?whose=all").text
    assert ("About Eva" in page, "Given to Agnes" in page, "Secret" in page) == (True, True, False)
    assert ("Eva Diaz" in page, "Carla Diaz" in page, "Another’s contact" in page) == (True, False, True)
    for path in (f"/tasks/{secret.id}", f"/contacts/{carla.id}/tasks"):
        assert as_agnes.get(path).status_code == 404
    for path in (
        f"/tasks/{secret.id}",
        f"/tasks/{secret.id}/completion",
        f"/tasks/{secret.id}/deletion",
        f"/contacts/{carla.id}/tasks",
        f"/tasks/new?contact_id={carla.id}",
    ):
        assert as_agnes.post(path, data={"title": "x"}).status_code == 404
    db.session.refresh(secret)
    assert (secret.status, secret.title) == ("pending", "Secret")
    assert "Carla" not in as_agnes.get("/tasks/contacts?contact=carla").text


def test_her_own_task_about_another_contact_tells_nothing_of_them(as_agnes, agnes, carla):
    task = make(carla, "Given", assigned_to=agnes.id)
    assert "Carla" not in as_agnes.get(f"/tasks/{task.id}").text
    piece = as_agnes.post(f"/tasks/{task.id}/completion?on=contact", headers=PIECE).text
    assert ("Carla" in piece, '<tr id="task' in piece) == (False, True)


def test_a_viewer_has_no_tasks(as_vic, carla):
    task = make(carla)
    assert as_vic.get("/tasks").status_code == 403
    assert as_vic.post(f"/tasks/{task.id}/completion").status_code == 403


def test_a_contact_takes_its_tasks_along(app, carla):
    make(carla)
    db.session.execute(sa.delete(Contact))
    assert db.session.scalar(sa.select(Task)) is None


def test_an_empty_list_says_what_it_is_for(as_ada):
    assert "Nothing to do" in as_ada.get("/tasks").text
    assert "Nothing done yet" in as_ada.get("/tasks?state=done").text
