"""The steps on screen: each is kept at once, left and taken up again; what is wrong is said where it is mended."""

from datetime import date, timedelta

import pytest

from crm.audiences.operations import add_to_audience
from crm.broadcasts import checklist, link_checking, reckoning
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.delivery.operations import suppress
from crm.email.models import EmailMessage
from crm.email.templates import create_template
from crm.lib import clock
from crm.lib.net import Fetched, Unreachable
from crm.preferences.operations import unsubscribe
from tests import factories
from tests.broadcasts import kit

WORDS = {"subject": "Come and see us", "preheader": "", "format": "markdown", "body": kit.BODY}


@pytest.fixture
def school(app):
    app.config["MAIL_ADDRESS"] = "1 School Lane"
    return app


def only() -> Broadcast:
    return db.session.query(Broadcast).one()


def test_from_the_name_to_the_launch(school, as_mo, mo):
    first, _ = kit.people(2)
    audience = factories.audience()
    add_to_audience(audience, [first.id], mo.actor)
    made = as_mo.post("/broadcasts", data={"name": "Open day"})
    here = f"/broadcasts/{only().id}"
    assert made.location == f"{here}/audience"
    kept = as_mo.post(f"{here}/audience", data={"include": [audience.id], "version": only().version})
    assert kept.location == f"{here}/content"
    assert as_mo.get(here).location == f"{here}/content"
    kept = as_mo.post(f"{here}/content/A", data={**WORDS, "version": only().version})
    assert kept.location == f"{here}/check"
    assert as_mo.get(here).location == f"{here}/check"
    assert "Through the eyes of" in as_mo.get(f"{here}/check").text
    assert "Come and see us</dd>" in as_mo.get(f"{here}/check").text
    assert "1 of 1 will get it" in as_mo.get(f"{here}/findings").text
    asked = as_mo.post(f"{here}/launch", data={"when": "now", "version": only().version})
    assert (asked.status_code, only().status) == (200, "draft")
    assert "Send this to 1 person?" in asked.text
    sent = as_mo.post(f"{here}/launch", data={"when": "now", "version": only().version, "sure": "yes"})
    assert (sent.location, only().status) == (here, "launching")
    again = as_mo.post(f"{here}/launch", data={"when": "now", "version": 1})
    assert again.location == f"{here}/results"
    kit.run()
    kit.send()
    kit.run()
    page = as_mo.get(f"{here}/results").text
    assert "“Regulars”" in page
    assert "Delivered" in page
    assert "pat0@example.com" in as_mo.get(f"{here}/recipients").text


def test_what_is_not_ready_is_not_offered_to_be_sent(as_mo):
    as_mo.post("/broadcasts", data={"name": "Open day"})
    page = as_mo.get(f"/broadcasts/{only().id}/send").text
    assert ("Review and send" in page, "See what is missing" in page) == (False, True)
    assert "every contact" not in as_mo.get(f"/broadcasts/{only().id}/audience").text


def test_a_broadcast_without_a_name_is_refused(as_mo):
    assert as_mo.post("/broadcasts", data={"name": " "}).status_code == 422


def test_words_that_cannot_be_sent_are_refused_beside_the_field(as_mo, mo):
    broadcast = kit.draft()
    refused = as_mo.post(f"/broadcasts/{broadcast.id}/content/A", data={**WORDS, "body": "{{ contact.frist_name }}"})
    assert refused.status_code == 422
    assert "frist_name" in refused.text


def test_two_who_write_at_once_are_told(as_mo):
    broadcast = kit.draft()
    said = as_mo.post(f"/broadcasts/{broadcast.id}/content/A", data={**WORDS, "version": 1})
    assert said.status_code == 409
    assert "Somebody else changed this broadcast" in said.text


def test_it_begins_with_a_template_and_an_audience(as_mo, mo):
    template = create_template("Welcome", "Hello", "", "Words", "markdown", mo.actor)
    audience = factories.audience()
    commit()
    as_mo.post(f"/broadcasts?template={template.id}&audience={audience.id}", data={"name": "Open day"})
    assert (only().content.subject, only().template_id) == ("Hello", template.id)
    assert [each.audience_id for each in only().included] == [audience.id]


def test_contacts_chosen_in_the_list_are_written_to(as_mo):
    first, second, _ = kit.people(3)
    made = as_mo.post("/broadcasts/chosen", data={"ids": [first.id, second.id]})
    assert made.status_code == 303
    assert reckoning.reckon(only()).total == 2
    assert as_mo.get(made.location).status_code == 200


def test_who_will_not_get_it_is_counted_by_reason(as_mo):
    kit.people(2)
    factories.contact(email=None)
    gone = factories.contact(email="gone@example.com")
    factories.contact(email="blocked@example.com")
    suppress("blocked@example.com", "It bounced.")
    unsubscribe(gone, "gone@example.com", by=kit.BY)
    broadcast = kit.draft()
    found = reckoning.reckon(broadcast)
    assert (found.total, found.will_get) == (5, 2)
    assert "The contact unsubscribed." in as_mo.get(f"/broadcasts/{broadcast.id}/reckoning").text
    piece = as_mo.get(f"/broadcasts/{broadcast.id}/reckoning?button=1", headers={"HX-Request": "true"}).text
    assert '<span id="how-many" hx-swap-oob="true">to 2 people</span>' in piece


def test_without_a_postal_address_it_is_not_sent(as_mo):
    kit.people(1)
    broadcast = kit.draft()
    refused = as_mo.post(f"/broadcasts/{broadcast.id}/launch", data={"when": "now", "version": broadcast.version})
    assert refused.location.endswith("/check")
    assert only().status == "draft"


def titles(broadcast: Broadcast, tone: str) -> str:
    found = checklist.findings(broadcast, reckoning.reckon(broadcast))
    return " / ".join(each.title for each in found if each.tone == tone)


def test_what_is_missing_stops_it(school):
    broadcast = kit.draft(subjects=(), is_for_everyone=False)
    assert titles(broadcast, "bad") == "Nobody is chosen yet / Nothing is written yet"


def test_empty_values_are_counted_by_field(school):
    kit.people(2, city="Valencia")
    factories.contact(first_name="", email="d@example.com")
    broadcast = kit.draft()
    body = "Hi {{ contact.first_name }} of {{ contact.city | default: 'nowhere' }}, {{ contact.birthday }}"
    kit.drafting.write(broadcast, kit.Words("Hello {{ contact.last_name }}", "", body))
    assert reckoning.empty_values(broadcast, checklist.unguarded(broadcast)) == {
        "contact.first_name": 1,
        "contact.birthday": 3,
    }
    assert "1 person has nothing for “First name”" in titles(broadcast, "warn")


def test_subjects_that_shout_and_long_emails_are_pointed_at(school):
    kit.people(1)
    broadcast = kit.draft(subjects=("ACT NOW!! 100% FREE",))
    kit.drafting.write(broadcast, kit.Words("ACT NOW!! 100% FREE", "", "Words " * 20_000))
    found = titles(broadcast, "warn")
    assert "may look like spam" in found
    assert "kB" in found


def test_links_are_looked_at_and_broken_ones_named(school):
    kit.people(1)
    broadcast = kit.draft()
    body = "[a](https://a.example/) [b](https://b.example/gone) [c](https://c.example/) [d](https://d.example/moved)"
    kit.drafting.write(broadcast, kit.Words("Hello", "", body))
    commit()
    answers = {"https://a.example/": Fetched(200, b""), "https://b.example/gone": Fetched(404, b"")}
    answers["https://d.example/moved"] = Fetched(301, b"", "/here")
    answers["https://d.example/here"] = Fetched(200, b"")

    def get(url: str) -> Fetched:
        if url not in answers:
            raise Unreachable("No.")
        return answers[url]

    assert "being checked" in titles(broadcast, "warn")
    assert [link_checking.check_next(get), link_checking.check_next(get)] == [True, False]
    db.session.expire_all()
    found = titles(broadcast, "warn")
    assert "https://b.example/gone" in found
    assert "https://c.example/" in found
    assert "d.example" not in found


def test_a_link_into_our_own_network_is_never_fetched(school):
    broadcast = kit.draft()
    kit.drafting.write(broadcast, kit.Words("Hello", "", "[a](http://127.0.0.1:9/)"))
    commit()
    link_checking.check_next()
    db.session.expire_all()
    assert broadcast.link_checks == {"http://127.0.0.1:9/": {"is_good": False, "said": "It could not be reached."}}


def test_a_test_goes_to_the_staff_as_a_contact_would_get_it(as_mo, mo, ada):
    (pat,) = kit.people(1)
    broadcast = kit.draft(subjects=("Hi {{ contact.first_name }}",))
    as_mo.post(f"/broadcasts/{broadcast.id}/test/A", data={"to": [mo.id, ada.id], "as": pat.id})
    kit.send()
    found = db.session.query(EmailMessage).all()
    assert {(each.to_address, each.subject, each.purpose) for each in found} == {
        (mo.email, "Hi Pat0", "test"),
        (ada.email, "Hi Pat0", "test"),
    }


def test_it_is_looked_at_through_the_eyes_of_anybody(as_mo):
    (pat,) = kit.people(1)
    broadcast = kit.draft()
    assert "Hello Pat0" in as_mo.get(f"/broadcasts/{broadcast.id}/preview/A?as={pat.id}").text
    assert "no such contact" in as_mo.get(f"/broadcasts/{broadcast.id}/check?who=nobody").text
    assert "Pat0 Doe" in as_mo.get(f"/broadcasts/{broadcast.id}/check?who=pat0@example.com").text


def test_versions_are_added_and_removed(as_mo):
    broadcast = kit.draft()
    here = f"/broadcasts/{broadcast.id}"
    assert as_mo.post(f"{here}/variants", data={"test_on": "content"}).location == f"{here}/content/B"
    as_mo.post(f"{here}/content/B", data={**WORDS, "subject": "Other", "version": only().version})
    assert [each.content.subject for each in only().variants] == ["Come and see us", "Other"]
    assert "Version B" in as_mo.get(f"{here}/content/B").text
    as_mo.post(f"{here}/variants/A/deletion")
    assert [each.content.subject for each in only().variants] == ["Other"]
    assert as_mo.get(f"{here}/content/D").status_code == 404


def test_an_hour_there_is_not_is_asked_about_as_the_one_it_will_be(school, as_mo):
    school.config["TIMEZONE"] = "Europe/Berlin"
    kit.people(1)
    here, march = f"/broadcasts/{kit.draft().id}", date(clock.now().year + 2, 3, 31)
    sunday = march - timedelta(days=(march.weekday() + 1) % 7)
    plan = {"when": "at", "at": f"{sunday}T02:30", "version": only().version}
    assert f"{sunday:%A %d %B %Y}, 03:00, on the clock of Europe/Berlin" in as_mo.post(f"{here}/launch", data=plan).text


def test_a_plan_is_kept_and_a_bad_one_refused(school, as_mo):
    kit.people(1)
    broadcast = kit.draft()
    here = f"/broadcasts/{broadcast.id}"
    bad = as_mo.post(f"{here}/send", data={"when": "at", "at": "soon", "per_minute": "0"})
    assert bad.status_code == 422
    as_mo.post(f"{here}/send", data={"when": "now", "per_minute": "30", "version": only().version})
    assert only().per_minute == 30
    far = {"when": "local", "at": "9999-12-31T23:00", "version": only().version}
    assert as_mo.post(f"{here}/launch", data=far).status_code == 422
    past = {"when": "at", "at": "2020-01-01T09:00", "version": only().version}
    assert as_mo.post(f"{here}/launch", data=past).status_code == 422
    day = date(clock.now().year + 2, 1, 1)
    later = {"when": "local", "at": f"{day}T09:00", "version": only().version, "per_minute": "30"}
    asked = as_mo.post(f"{here}/launch", data=later).text
    assert only().status == "draft"
    for said in (
        "Schedule this for 1 person?",
        f"{day:%A} 01 January {day.year}, 09:00, on each contact’s own clock",
        "At most 30",
    ):
        assert said in asked
    assert f'name="at" value="{day}T09:00"' in asked
    later["sure"] = "yes"
    assert as_mo.post(f"{here}/launch", data=later).status_code == 303
    assert (only().status, only().local_time) == ("scheduled", f"{day}T09:00")
    assert f"Everyone gets it at 09:00 on 1 Jan {day.year} by their own clock" in as_mo.get(f"{here}/audience").text
    as_mo.post(f"{here}/unscheduling")
    assert only().status == "draft"


def test_copies_follow_ups_and_deletion(as_mo):
    kit.people(2)
    broadcast = kit.launched()
    kit.send()
    kit.messages(broadcast)[0].opened_at = broadcast.created_at
    commit()
    kit.run()
    number, here = broadcast.id, f"/broadcasts/{broadcast.id}"
    as_mo.post(f"{here}/duplicate")
    made = as_mo.post(f"{here}/follow-up")
    copies = db.session.query(Broadcast).filter(Broadcast.id != number).order_by(Broadcast.id).all()
    assert [(each.name, each.status) for each in copies] == [
        ("Copy of Open day", "draft"),
        ("Open day: once more", "draft"),
    ]
    assert reckoning.reckon(copies[1]).total == 1
    assert made.location.endswith(f"/{copies[1].id}/content")
    as_mo.post(f"{here}/deletion")
    assert db.session.get(Broadcast, number) is None
    assert db.session.query(EmailMessage).count() == 2
    assert db.session.query(Contact).count() == 2
