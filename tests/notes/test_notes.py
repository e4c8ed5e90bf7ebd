"""Notes are written, found on the timeline, changed by whom they belong to, and tell whom they mention."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Actor
from crm.database import commit, db
from crm.lib import clock
from crm.notes import operations, queries
from crm.notes.mentions import mentioned
from crm.notes.models import Note
from crm.notes.operations import Overtaken, Refused
from crm.notifications.models import Notification
from tests import factories

PIECE = {"HX-Request": "true"}


@pytest.fixture
def carla(app):
    return factories.contact()


def write(contact, text="She **plays** the cello.", by=None, **more):
    note = operations.add_note(contact, text, by.actor if by else Actor("Import"), **more)
    commit()
    return note


def entry():
    return db.session.scalar(sa.select(ContactActivity).where(ContactActivity.activity_type == "note_added"))


def told():
    return db.session.scalars(sa.select(Notification.user_id).order_by(Notification.user_id)).all()


def test_it_is_written_on_the_contacts_page(as_mo, mo, carla):
    url = f"/contacts/{carla.id}/notes"
    reply = as_mo.post(url, data={"content": "She **plays**", "kind": "call"}, headers=PIECE)
    assert ('id="composer"' in reply.text, "contact-changed" in reply.headers["HX-Trigger"]) == (True, True)
    page = as_mo.get(url, headers=PIECE).text
    assert ("<strong>plays</strong>" in page, "Mo" in page) == (True, True)
    assert ("She plays" in as_mo.get(f"/contacts/{carla.id}/timeline").text, entry().title) == (True, "Call")
    assert as_mo.post(url, data={"content": "x", "kind": "note"}).location == f"/contacts/{carla.id}"


@pytest.mark.parametrize("values", [{"content": " "}, {"content": "x", "kind": "sonnet"}, {"content": "x" * 20_001}])
def test_what_is_no_note_is_refused(as_mo, carla, values):
    assert as_mo.post(f"/contacts/{carla.id}/notes", data={"kind": "note", **values}, headers=PIECE).status_code == 422
    with pytest.raises(Refused):
        operations.add_note(carla, values["content"], Actor("x"), values.get("kind", "note"))
    assert db.session.scalar(sa.select(Note)) is None


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "![x](https://evil.example/p.gif)",
        "<a href='/x' hx-post='/tasks'>x</a>",
        "[x](data:text/html,x)",
    ],
)
def test_nothing_it_says_runs(as_mo, mo, carla, text):
    write(carla, text, mo)
    page = as_mo.get(f"/contacts/{carla.id}/notes", headers=PIECE).text
    words = page[page.index('class="note-words"') :]
    assert not any(
        bad in words for bad in ("<script", "<img", 'href="javascript', 'href="data', "<a href='", '<a href="/x')
    )


def test_pinned_ones_come_first_and_older_ones_follow(as_mo, mo, carla):
    write(carla, "Allergic to nuts", mo, is_pinned=True)
    for number in range(12):
        write(carla, f"Note {number}", mo)
    first = queries.notes_of(carla.id)
    assert [each.content for each in first.notes][:2] == ["Allergic to nuts", "Note 11"]
    rest = queries.notes_of(carla.id, first.next)
    assert [each.content for each in rest.notes][-1] == "Note 0"
    assert "Note 0" in as_mo.get(f"/contacts/{carla.id}/notes?at={first.next}", headers=PIECE).text


def test_it_is_pinned_and_unpinned(as_mo, mo, carla):
    note = write(carla, by=mo)
    url = f"/contacts/{carla.id}/notes/{note.id}/pin"
    assert "data-pinned" in as_mo.post(url, headers=PIECE).text
    assert "data-pinned" not in as_mo.delete(url, headers=PIECE).text
    as_mo.post(url)
    as_mo.post(url, data={"undo": "1"})
    assert db.session.get(Note, note.id).is_pinned is False


def test_the_timeline_follows_a_change(as_mo, mo, carla):
    note = write(carla, "Secret", mo)
    url = f"/contacts/{carla.id}/notes/{note.id}/edit"
    assert "Secret" in as_mo.get(url, headers=PIECE).text
    as_mo.post(url, data={"content": "Public", "kind": "meeting", "seen": "0"}, headers=PIECE)
    assert (entry().title, entry().description) == ("Meeting", "Public")
    assert "Secret" not in str(entry().metadata_)


def test_two_who_change_it_at_once_are_told(as_mo, mo, ada, carla):
    note = write(carla, "One", mo)
    operations.update_note(note, "Two", "note", ada.actor, seen=0)
    with pytest.raises(Overtaken):
        operations.update_note(note, "Three", "note", mo.actor, seen=0)
    url = f"/contacts/{carla.id}/notes/{note.id}/edit"
    reply = as_mo.post(url, data={"content": "Three", "kind": "note", "seen": "0"}, headers=PIECE)
    assert (reply.status_code, "Somebody else changed" in reply.text, 'value="1"' in reply.text) == (409, True, True)
    assert db.session.get(Note, note.id).content == "Two"


def test_a_deleted_one_is_gone_everywhere_and_comes_back(as_mo, mo, carla):
    note = write(carla, "Secret", mo)
    at = f"/contacts/{carla.id}/notes/{note.id}"
    as_mo.post(f"{at}/deletion")
    assert "Secret" not in as_mo.get(f"/contacts/{carla.id}/timeline").text
    assert as_mo.get(at).status_code == 404
    assert "Secret" in as_mo.get(f"/contacts/{carla.id}/notes/deleted").text
    as_mo.post(f"{at}/restoration")
    assert "Secret" in as_mo.get(f"/contacts/{carla.id}/timeline").text


def test_it_is_removed_for_good_after_thirty_days(mo, carla):
    operations.delete_note(write(carla, by=mo))
    write(carla, "Kept", mo)
    assert operations.purge_notes(clock.now() + timedelta(days=29)) == 0
    assert operations.purge_notes(clock.now() + timedelta(days=31)) == 1


def test_an_agent_changes_her_own_notes_of_her_own_contacts(as_agnes, agnes, mo, carla):
    hers = factories.contact(email="eva@example.com", owner_id=agnes.id)
    foreign, own, secret = write(hers, "By Mo", mo), write(hers, "By Agnes", agnes), write(carla, "Secret", mo)
    change = {"content": "Changed", "kind": "note"}
    for note, code in ((own, 302), (foreign, 403), (secret, 404)):
        for act in ("edit", "deletion"):
            reply = as_agnes.post(f"/contacts/{note.contact_id}/notes/{note.id}/{act}", data=change)
            assert reply.status_code == (code if code > 302 else reply.status_code)
    assert (db.session.get(Note, foreign.id).content, db.session.get(Note, foreign.id).deleted_at) == ("By Mo", None)
    assert db.session.get(Note, secret.id).deleted_at is None
    for path in (f"/contacts/{carla.id}/notes", f"/contacts/{carla.id}/composer", f"/notes/{secret.id}"):
        assert as_agnes.get(path).status_code == 404
    assert as_agnes.get(f"/contacts/{hers.id}/notes/{secret.id}").status_code == 404
    assert as_agnes.post(f"/contacts/{carla.id}/notes", data=change).status_code == 404


def test_who_is_mentioned_is_told_once(ada, mo, agnes, carla):
    note = write(carla, "@Mo and @mo, see @Ada's list. mail@agnes", ada)
    assert told() == [mo.id]
    operations.update_note(note, "@Mo, again", "note", ada.actor)
    assert told() == [mo.id]


def test_who_may_not_see_the_contact_is_not_told(as_mo, agnes, carla):
    as_mo.post(f"/contacts/{carla.id}/notes", data={"content": "@Agnes look", "kind": "note"})
    assert told() == []
    assert "Agnes may not see Carla Diaz" in as_mo.get(f"/contacts/{carla.id}").text
    assert "Agnes" not in as_mo.get(f"/contacts/{carla.id}/composer", headers=PIECE).text


def test_names_are_read_as_people_write_them(app):
    ada = factories.user("ada lovelace")
    users = [ada, factories.user("ada byron"), factories.user("mo salah")]
    names = {
        text: [each.name for each in mentioned(text, users)] for text in ("@Ada", "@ada lovelace!", "@Mo, @Moritz")
    }
    assert names == {"@Ada": [], "@ada lovelace!": ["Ada Lovelace"], "@Mo, @Moritz": ["Mo Salah"]}


def test_one_is_written_from_anywhere(as_mo, carla):
    assert as_mo.post("/notes/new", data={"content": "x", "kind": "note", "contact": "nobody"}).status_code == 422
    as_mo.post("/notes/new", data={"content": "x", "kind": "note", "contact": "carla@example.com"})
    note = db.session.scalar(sa.select(Note))
    assert (note.contact_id, as_mo.get(f"/notes/{note.id}").location) == (carla.id, f"/contacts/{carla.id}/notes/1")
