"""The preference page and the confirmation: no sign-in, only the signed token; looking changes nothing; every choice leaves a proof."""

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.contacts.operations import update_contact
from crm.database import commit, db
from crm.email.addresses import unsubscribe_url
from crm.email.confirming import NotAsked, ask_to_confirm
from crm.email.models import EmailMessage
from crm.preferences.choices import preferences_of
from crm.preferences.models import ConsentRecord, ContactTopic, Topic
from crm.preferences.queries import in_force
from tests import factories
from tests.email.mailroom import deliver, links_in, queue, sent
from tests.providers.mail_server import MailServer

ALL = ["marketing_emails", "class_reminders", "payment_reminders", "email_enabled", "topic:news"]


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


@pytest.fixture
def news(app) -> Topic:
    topic = Topic(name="News", slug="news", description="Once a month")
    db.session.add_all([topic, Topic(name="Staff picks", slug="picks", is_public=False)])
    db.session.commit()
    return topic


def page_of(contact, message=None, page="preferences") -> str:
    url = unsubscribe_url(contact.id, message.id if message else 0)
    return url.removeprefix("http://127.0.0.1:8000") + f"/{page}"


def proofs() -> list[tuple[str, bool, str]]:
    return [
        (each.what, each.is_on, each.how)
        for each in db.session.scalars(sa.select(ConsentRecord).order_by(ConsentRecord.id))
    ]


def test_the_page_shows_what_one_gets_and_looking_changes_nothing(anonymous, carla, news):
    reply = anonymous.get(page_of(carla))
    assert b"Once a month" in reply.data
    assert b"Staff picks" not in reply.data
    assert len(reply.data) < 50_000
    assert (proofs(), preferences_of(carla).id) == ([], None)


def test_choices_are_kept_with_the_words_that_were_shown(anonymous, carla, news):
    wants = [each for each in ALL if each not in {"topic:news", "class_reminders"}]
    data = {"wants": wants, "frequency": "weekly", "quiet_hours_start": "21:00", "quiet_hours_end": "08:00"}
    reply = anonymous.post(page_of(carla), data=data, follow_redirects=True)
    assert b"Saved" in reply.data
    row = preferences_of(carla)
    assert (row.class_reminders, row.frequency, f"{row.quiet_hours_start:%H:%M}") == (False, "weekly", "21:00")
    assert db.session.scalar(sa.select(ContactTopic.is_on)) is False
    assert proofs() == [("class_reminders", False, "page"), ("topic:news", False, "page")]
    kept = db.session.scalars(sa.select(ConsentRecord).order_by(ConsentRecord.id)).all()
    assert [each.shown for each in kept] == [
        "What you get: Class reminders. Before a class you have booked.",
        "Topics: News. Once a month",
    ]
    assert {(each.ip_address, each.address) for each in kept} == {("127.0.0.1", "carla@example.com")}


def test_doing_it_twice_is_one_choice(anonymous, carla, news):
    for _ in range(2):
        anonymous.post(page_of(carla), data={"wants": ALL[1:], "frequency": "all"})
    assert proofs() == [("subscription", False, "page")]
    assert in_force("carla@example.com")


def test_ticking_news_again_comes_back(anonymous, carla, news):
    anonymous.post(page_of(carla), data={"wants": ALL[1:], "frequency": "all"})
    anonymous.post(page_of(carla), data={"wants": ALL, "frequency": "all"})
    assert in_force("carla@example.com") is None
    assert proofs()[-1] == ("subscription", True, "page")


def test_half_of_the_quiet_hours_is_a_question_and_nothing_is_lost(anonymous, carla, news):
    reply = anonymous.post(page_of(carla), data={"wants": [], "frequency": "monthly", "quiet_hours_start": "21:00"})
    assert reply.status_code == 422
    assert b"Say from when and until when" in reply.data
    assert b'value="topic:news" checked' not in reply.data
    assert proofs() == []


@pytest.mark.parametrize("page", ["preferences", "confirmation"])
def test_a_forged_link_and_one_of_somebody_gone(anonymous, carla, page):
    url = page_of(carla, page=page)
    assert anonymous.get(url.replace("unsubscribe/", "unsubscribe/x")).status_code == 404
    assert anonymous.post(url.replace("unsubscribe/", "unsubscribe/x")).status_code == 404
    db.session.delete(carla)
    db.session.commit()
    assert (anonymous.get(url).status_code, anonymous.post(url).status_code) == (410, 410)


def test_the_guardian_chooses_for_the_guardians_address(anonymous, carla):
    maria = factories.contact(first_name="Maria", email="maria@example.com")
    carla.guardian_id = maria.id
    message = sent(carla)
    assert b"who reads the messages for Carla Diaz" in anonymous.get(page_of(carla, message)).data
    anonymous.post(page_of(carla, message), data={"wants": ["marketing_emails", "email_enabled"], "frequency": "all"})
    assert preferences_of(maria).class_reminders is False
    assert preferences_of(carla).class_reminders is True


def test_confirming_is_a_button_behind_the_link_of_the_email(anonymous, carla):
    ask_to_confirm(carla, "Ada")
    commit()
    assert ask_to_confirm(carla, "Ada") is None
    news = queue([carla])[0]
    with MailServer() as server:
        deliver(server)
    (url,) = links_in(server.messages[0][2], "unsubscribe")
    assert (len(server.messages), news.status) == (1, "skipped")
    assert b"Yes, confirm" in anonymous.get(url).data
    assert preferences_of(carla).confirmation == "pending"
    reply = anonymous.post(url, follow_redirects=True)
    assert b"Your address is confirmed" in reply.data
    anonymous.post(url)
    assert preferences_of(carla).confirmation == "confirmed"
    (proof,) = db.session.scalars(sa.select(ConsentRecord))
    assert proof.shown.startswith("I want to get news and offers from Cohort at carla@example.com.")
    kinds = db.session.scalars(
        sa.select(ContactActivity.activity_type)
        .where(ContactActivity.contact_id == carla.id)
        .order_by(ContactActivity.id)
    )
    assert list(kinds) == ["email_sent", "email_confirmed"]


def test_an_old_address_confirms_no_new_one(anonymous, carla, ada):
    number = ask_to_confirm(carla, "Ada")
    deliver()
    update_contact(carla, {"email": "new@example.com"}, ada.actor)
    commit()
    page = page_of(carla, db.session.get(EmailMessage, number), "confirmation")
    assert (anonymous.get(page).status_code, anonymous.post(page).status_code) == (410, 410)
    assert preferences_of(carla).confirmation == "pending"
    assert anonymous.post(page_of(carla, page="confirmation")).status_code == 303
    assert preferences_of(carla).confirmation == "confirmed"


def test_it_can_be_asked_again_but_not_of_those_who_left(carla):
    first = ask_to_confirm(carla, "Ada")
    deliver()
    again = ask_to_confirm(carla, "Ada")
    assert db.session.scalars(sa.select(EmailMessage.id).order_by(EmailMessage.id)).all() == [first, again]
    gone = factories.contact(first_name="Tom", email=None)
    with pytest.raises(NotAsked, match="no email address"):
        ask_to_confirm(gone, "Ada")


def test_the_footer_leads_to_both_pages(anonymous, carla):
    queue([carla])
    with MailServer() as server:
        deliver(server)
    leave, choose, _view = links_in(server.messages[0][2], "unsubscribe")
    assert choose == f"{leave}/preferences"
    assert anonymous.get(choose).status_code == 200


def test_leaving_only_the_topic_of_the_email(anonymous, carla, news):
    message = sent(carla, topic_id=news.id)
    url = page_of(carla, message, page="topic")
    leave = anonymous.get(url.removesuffix("/topic"))
    assert "No more “News”" in leave.text
    anonymous.post(url)
    anonymous.post(url)
    assert proofs() == [("topic:news", False, "page")]
    assert in_force("carla@example.com") is None


def test_the_guardian_leaves_for_the_guardians_address(anonymous, carla):
    maria = factories.contact(first_name="Maria", email="maria@example.com")
    carla.guardian_id = maria.id
    url = page_of(carla, sent(carla)).removesuffix("/preferences")
    anonymous.post(url, data={"List-Unsubscribe": "One-Click"})
    (proof,) = db.session.scalars(sa.select(ConsentRecord))
    assert (proof.contact_id, proof.address, proof.how) == (maria.id, "maria@example.com", "mail_program")
    assert in_force("maria@example.com").contact_id == maria.id
    (news,) = queue([carla], visit_no=2)
    deliver()
    assert news.reason == "The contact unsubscribed."
