"""The calendar feed: private, revocable, and a file that calendars read (RFC 5545)."""

import re
from datetime import date, time

import pytest

from crm.database import commit, db
from crm.tasks import calendar, operations
from crm.tasks.operations import NewTask
from tests import factories


@pytest.fixture
def url(as_agnes, agnes):
    as_agnes.post("/account/calendar")
    return f"/tasks/calendar/{calendar.calendar_token(agnes)}.ics"


def make(user, title="Call", contact=None, **values):
    contact = contact or factories.contact(email=f"{title[:3]}@x.org", owner_id=user.id)
    made = operations.create_task(NewTask(contact.id, title, assigned_to=user.id, by=user.actor, **values))
    commit()
    return made


def unfolded(text):
    return text.replace("\r\n ", "").split("\r\n")


def test_it_holds_ones_own_dated_open_tasks(anonymous, agnes, ada, url):
    make(agnes, "All day", due_date=date(2026, 12, 31))
    make(agnes, "Some day")
    make(ada, "Not hers", due_date=date(2026, 12, 1))
    operations.complete_task(make(agnes, "Over", due_date=date(2026, 12, 1)), agnes.actor)
    commit()
    reply = anonymous.get(url)
    assert (reply.status_code, reply.mimetype, reply.headers["Cache-Control"]) == (
        200,
        "text/calendar",
        "private, no-store",
    )
    lines = unfolded(reply.text)
    assert [each for each in lines if each.startswith("SUMMARY")] == ["SUMMARY:All day"]
    assert ("DTSTART;VALUE=DATE:20261231" in lines, "DTEND;VALUE=DATE:20270101" in lines) == (True, True)


def test_an_hour_is_on_the_users_clock(anonymous, agnes, url):
    agnes.timezone = "Europe/Madrid"
    make(agnes, due_date=date(2026, 7, 1), due_time=time(9))
    lines = unfolded(anonymous.get(url).text)
    assert ("DTSTART:20260701T070000Z" in lines, "DTEND:20260701T073000Z" in lines) == (True, True)


def test_any_text_is_written_so_that_it_can_be_read(anonymous, agnes, url):
    make(agnes, "A; b, c\\ " + "é" * 100, due_date=date(2026, 7, 1), description="One\r\nEND:VCALENDAR\x07")
    text = anonymous.get(url).text
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "\n" not in text.replace("\r\n", "")
    lines = unfolded(text)
    assert "SUMMARY:A\\; b\\, c\\\\ " + "é" * 100 in lines
    assert lines.count("END:VCALENDAR") == 1
    assert any("One\\nEND:VCALENDAR" in line for line in lines)


def test_it_does_not_name_contacts_the_user_may_not_see(anonymous, agnes, url):
    make(agnes, contact=factories.contact(first_name="Canary"), due_date=date(2026, 7, 1))
    text = anonymous.get(url).text
    assert ("SUMMARY:Call" in text, "Canary" in text) == (True, False)


def test_a_new_address_makes_the_old_one_worthless_and_it_can_be_turned_off(as_agnes, agnes, url):
    as_agnes.post("/account/calendar")
    new = f"/tasks/calendar/{calendar.calendar_token(agnes)}.ics"
    assert (new != url, as_agnes.get(url).status_code, as_agnes.get(new).status_code) == (True, 404, 200)
    assert re.escape(new) and new in as_agnes.get("/account/calendar").text
    as_agnes.post("/account/calendar/end")
    assert as_agnes.get(new).status_code == 404
    assert calendar.calendar_token(agnes) is None


def test_it_ends_with_the_account_and_the_right(anonymous, agnes, url):
    agnes.role = "crm_viewer"
    assert anonymous.get(url).status_code == 404
    agnes.role, agnes.is_enabled = "crm_agent", False
    assert anonymous.get(url).status_code == 404
    agnes.is_enabled = True
    db.session.commit()
    assert anonymous.get(url).status_code == 200


@pytest.mark.parametrize("token", ["x", "1.2~abc", "1~", "%00", "a" * 500])
def test_a_guess_leads_nowhere(anonymous, token):
    assert anonymous.get(f"/tasks/calendar/{token}.ics").status_code == 404


def test_a_viewer_has_none(as_vic):
    assert as_vic.post("/account/calendar").status_code == 403
    assert "Calendar" not in as_vic.get("/account").text
