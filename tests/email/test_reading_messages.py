"""The list of messages, one message with its story, and decisions about what is unknown."""

import re

import pytest

from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email import limits
from crm.email.models import EmailMessage
from crm.lib import clock
from tests import factories
from tests.email.mailroom import BROWSER, deliver, queue, sent
from tests.providers.mail_server import DROP, MailServer


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


@pytest.fixture
def message(carla) -> EmailMessage:
    return sent(carla)


@pytest.fixture
def unknown(carla) -> EmailMessage:
    (message,) = queue([carla])
    with MailServer({"dot": DROP}) as server:
        deliver(server)
    return message


def anew(message: EmailMessage) -> EmailMessage:
    db.session.expire_all()
    return message


def test_nothing_sent_says_so(as_mo):
    assert "Nothing was sent yet" in as_mo.get("/messages").text


def test_the_list_shows_state_and_reason(as_mo, message):
    sent(factories.contact(first_name="Max", email=None))
    text = as_mo.get("/messages").text
    assert "This is the outbox" in text
    assert "Hi Carla" in text
    assert "The contact has no email address." in text


def test_the_list_is_filtered_by_status_and_contact(as_mo, message):
    sent(factories.contact(first_name="Max", email=None))
    assert "Carla" not in as_mo.get("/messages?status=skipped").text
    assert "Max" not in as_mo.get("/messages?q=carla").text
    assert "No such message" in as_mo.get("/messages?q=nobody").text
    assert as_mo.get("/messages?status=x&before=y").status_code == 200


def test_the_list_goes_on_page_by_page(as_mo):
    queue([factories.contact(first_name=f"N{n:02}", email=f"n{n}@example.com") for n in range(52)])
    first = as_mo.get("/messages").text
    older = re.search(r'href="([^"]+before=[^"]+)"', first).group(1).replace("&amp;", "&")
    assert "N51" in first
    assert "N01" not in first
    assert "N01" in as_mo.get(older).text


def test_one_message_shows_its_text_and_its_story(as_mo, message):
    text = as_mo.get(f"/messages/{message.id}").text
    for words in ("As its reader gets it", "Hello Carla", "Kept in the outbox", "Queued"):
        assert words in text


def test_in_the_outbox_the_links_work_and_are_counted(as_mo, message):
    html = as_mo.get(f"/messages/{message.id}/content").text
    for path in re.findall(r'"http://127.0.0.1:8000(/api/track/email/[^"]+)"', html):
        as_mo.get(path, headers=BROWSER)
    assert (anew(message).opened_count, message.clicked_count) == (2, 2)
    assert "Link clicked" in as_mo.get(f"/messages/{message.id}").text


def test_what_left_the_house_is_read_without_being_counted(as_mo, carla):
    (message,) = queue([carla])
    with MailServer() as server:
        deliver(server)
    html = as_mo.get(f"/messages/{message.id}/content").text
    assert "/api/track/" not in html
    assert "https://school.example/book?c=Carla" in html


def test_the_frame_can_do_nothing(as_mo, message):
    reply = as_mo.get(f"/messages/{message.id}/content")
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    page = as_mo.get(f"/messages/{message.id}").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page


def test_the_frame_is_about_as_tall_as_the_email(as_mo, carla):
    short, long = queue([carla]), queue([factories.contact(email="max@example.com")], body="A paragraph.\n\n" * 60)
    heights = [height(as_mo.get(f"/messages/{each.id}").text) for each in (*short, *long)]
    assert 150 < heights[0] < 600 < heights[1]


def height(page: str) -> int:
    return int(re.search(r'<iframe[^>]* height="(\d+)"', page)[1])


def test_it_is_shown_as_it_was_sent(as_mo, message, carla):
    carla.first_name = "Charlotte"
    commit()
    assert "Hello Carla" in as_mo.get(f"/messages/{message.id}").text


def test_what_cannot_be_written_says_why(as_mo, carla):
    message = sent(carla, body="{{ contact.first_name")
    assert "The closing }} is missing." in as_mo.get(f"/messages/{message.id}").text
    assert "Not ready to be shown" in as_mo.get(f"/messages/{message.id}/content").text


def test_a_person_says_that_it_arrived(as_mo, unknown):
    assert "Nobody knows whether this message arrived" in as_mo.get(f"/messages/{unknown.id}").text
    as_mo.post(f"/messages/{unknown.id}/decision", data={"decision": "arrived"})
    assert (anew(unknown).status, unknown.reason) == ("sent", "Mo said that it arrived.")
    assert unknown.sent_at == unknown.dot_at


def test_a_person_has_it_sent_again_once(as_mo, unknown):
    as_mo.post(f"/messages/{unknown.id}/decision", data={"decision": "again"})
    with MailServer({"dot": DROP}) as server:
        deliver(server)
    assert (anew(unknown).status, len(server.messages)) == ("unknown", 1)
    assert "Send it again" not in as_mo.get(f"/messages/{unknown.id}").text
    reply = as_mo.post(f"/messages/{unknown.id}/decision", data={"decision": "again"}, follow_redirects=True)
    assert "That was decided already." in reply.text
    assert anew(unknown).status == "unknown"
    as_mo.post(f"/messages/{unknown.id}/decision", data={"decision": "lost"})
    assert anew(unknown).status == "failed"


def test_what_is_known_is_not_decided(as_mo, message):
    for decision in ("arrived", "again", "lost"):
        as_mo.post(f"/messages/{message.id}/decision", data={"decision": decision})
    assert anew(message).status == "sent"
    assert as_mo.post(f"/messages/{message.id}/decision", data={"decision": "x"}).status_code == 400


def test_nothing_can_be_decided_by_looking(as_mo, unknown):
    assert as_mo.get(f"/messages/{unknown.id}/decision?decision=again").status_code == 405


def test_who_may_not_see_messages_sees_none(as_agnes, as_vic, unknown):
    for client in (as_agnes, as_vic):
        for path in ("/messages", f"/messages/{unknown.id}", f"/messages/{unknown.id}/content"):
            assert client.get(path).status_code == 403
        assert client.post(f"/messages/{unknown.id}/decision", data={"decision": "lost"}).status_code == 403
    assert anew(unknown).status == "unknown"


def test_the_profile_shows_the_emails_of_who_is_in_sight(as_mo, as_agnes, agnes, message, carla):
    assert "Hi Carla" in as_mo.get(f"/contacts/{carla.id}/emails").text
    assert as_agnes.get(f"/contacts/{carla.id}/emails").status_code == 404
    carla.owner_id = agnes.id
    commit()
    assert "Hi Carla" in as_agnes.get(f"/contacts/{carla.id}/emails").text


def test_a_name_is_only_text(as_mo, app):
    message = sent(factories.contact(first_name="<script>alert(1)</script>"))
    for path in ("/messages", f"/messages/{message.id}", f"/messages/{message.id}/content"):
        assert "<script>alert" not in as_mo.get(path).text


def test_without_scripts_a_contacts_emails_are_a_page(as_mo, message, carla):
    assert "<html" in as_mo.get(f"/contacts/{carla.id}/emails").text
    assert "<html" not in as_mo.get(f"/contacts/{carla.id}/emails", headers={"HX-Request": "true"}).text


def test_one_that_waits_says_why_and_until_when(app, as_mo, carla):
    app.config["MAIL_PER_DAY"] = 1
    first, second = (queue([carla], visit_no=at)[0] for at in (5, 6))
    deliver()
    assert sorted((anew(first).status, anew(second).status)) == ["pending", "sent"]
    waiting = next(each for each in (first, second) if each.status == "pending")
    page = as_mo.get(f"/messages/{waiting.id}").text
    assert "The day&#39;s number of 1 emails is used up" in page
    assert limits.why_waiting(0, clock.now()) is not None


def test_what_waits_can_be_cancelled_from_the_timeline_once(as_mo, carla):
    (message,) = queue([carla])
    page = as_mo.get(f"/contacts/{carla.id}/timeline").text
    assert f'action="/messages/{message.id}/cancellation?on=contact"' in page
    assert "Email: Hi Carla" in page
    reply = as_mo.post(f"/messages/{message.id}/cancellation?on=contact")
    assert reply.location == f"/contacts/{carla.id}"
    deliver()
    assert (anew(message).status, message.sent_at) == ("cancelled", None)
    assert "cancelled it." in as_mo.get(f"/messages/{message.id}").text
    again = as_mo.post(f"/messages/{message.id}/cancellation", follow_redirects=True)
    assert "cannot be called back" in again.text


def test_cancelling_is_for_those_who_may_send(as_vic, carla):
    (message,) = queue([carla])
    assert as_vic.post(f"/messages/{message.id}/cancellation").status_code == 403
    assert anew(message).status == "pending"
