"""Whether a message may go: one answer for every channel and kind, from what the reader wants now."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db
from crm.delivery.operations import suppress, suppress_secretly
from crm.email.models import EmailMessage
from crm.lib import clock
from crm.preferences import consent
from crm.preferences.consent import Asked, Hold, Skip
from crm.preferences.models import CommunicationPreferences, ContactTopic, EmailUnsubscribe, Topic
from tests import factories
from tests.email.mailroom import deliver, queue, read
from tests.providers.mail_server import MailServer

NIGHT = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact(timezone="Europe/Madrid")


def wants(contact, **values) -> CommunicationPreferences:
    row = CommunicationPreferences(contact_id=contact.id, **values)
    db.session.add(row)
    db.session.flush()
    return row


def verdict(contact, kind="marketing", channel="email", topic=None, at=None):
    asked = Asked(99, contact.id, contact.email or "", channel, kind, topic.id if topic else None)
    return consent.verdicts([asked], at or clock.now()).get(99)


def topic(name="News", **values) -> Topic:
    row = Topic(name=name, slug=name.lower(), **values)
    db.session.add(row)
    db.session.flush()
    return row


def counts(kind="marketing", topic=None):
    return consent.reasons_for(sa.select(Contact.id), "email", kind, topic.id if topic else None)


def test_who_said_nothing_gets_everything(carla):
    assert [verdict(carla, kind) for kind in ("marketing", "transactional", "class_reminder")] == [None] * 3
    assert counts() == {}


def test_a_suppressed_address_gets_nothing_at_all(carla):
    suppress("carla@example.com", "Bounced")
    for kind in ("marketing", "transactional", "system"):
        assert verdict(carla, kind) == Skip("The address is suppressed: Bounced")
    assert counts("transactional") == {"The address is suppressed.": 1}


@pytest.mark.parametrize(
    ("switch", "stopped", "let_through"),
    [
        ("marketing_emails", "marketing", "transactional"),
        ("transactional_emails", "transactional", "marketing"),
        ("class_reminders", "class_reminder", "payment_reminder"),
        ("payment_reminders", "payment_reminder", "class_reminder"),
    ],
)
def test_a_kind_switched_off_is_skipped_and_the_others_go(carla, switch, stopped, let_through):
    wants(carla, **{switch: False})
    assert isinstance(verdict(carla, stopped), Skip)
    assert verdict(carla, let_through) is None
    assert sum(counts(stopped).values()) == 1


def test_a_channel_switched_off_carries_nothing_but_the_systems_own(carla):
    wants(carla, email_enabled=False)
    assert verdict(carla, "transactional") == Skip("Email is switched off for the contact.")
    assert verdict(carla, "system") is None


def test_another_channel_asks_for_a_phone_number(carla):
    assert verdict(carla, channel="sms") == Skip("The contact has no phone number.")
    carla.phone = "+34600111222"
    db.session.flush()
    assert verdict(carla, channel="sms") is None
    wants(carla, sms_enabled=False)
    assert verdict(carla, channel="sms") == Skip("SMS is switched off for the contact.")


def test_a_transactional_message_passes_a_marketing_opt_out(carla):
    db.session.add(EmailUnsubscribe(contact_id=carla.id, email="carla@example.com"))
    db.session.flush()
    assert verdict(carla) == Skip("The contact unsubscribed.")
    assert verdict(carla, "transactional") is None
    assert counts() == {"The contact unsubscribed.": 1}


def test_an_address_that_is_not_confirmed_gets_no_marketing(carla):
    row = wants(carla, confirmation="pending")
    assert verdict(carla) == Skip("The contact has not confirmed the address yet.")
    assert verdict(carla, "class_reminder") is None
    row.confirmation = "confirmed"
    db.session.flush()
    assert verdict(carla) is None


def test_a_topic_is_what_the_contact_chose_or_else_its_default(carla):
    news, offers = topic("News", is_default=True), topic("Offers", is_default=False)
    assert verdict(carla, topic=news) is None
    assert verdict(carla, topic=offers) == Skip("The contact does not get the topic “Offers”.")
    db.session.add_all([
        ContactTopic(contact_id=carla.id, topic_id=news.id, is_on=False),
        ContactTopic(contact_id=carla.id, topic_id=offers.id, is_on=True),
    ])  # fmt: skip
    db.session.flush()
    assert verdict(carla, topic=news) == Skip("The contact does not get the topic “News”.")
    assert verdict(carla, topic=offers) is None
    assert counts(topic=news) == {"The contact does not get the topic “News”.": 1}


def test_at_night_on_the_contacts_clock_it_waits_for_the_morning(app, carla):
    app.config.update(QUIET_HOURS_START="22:00", QUIET_HOURS_END="08:00", TIMEZONE="America/New_York")
    held = verdict(carla, at=NIGHT)
    assert held == Hold(datetime(2026, 11, 27, 7, 0, tzinfo=UTC), "Quiet hours: it goes at 08:00 (Europe/Madrid).")
    assert verdict(carla, "transactional", at=NIGHT) is None
    carla.timezone = "Atlantis/Capital"
    db.session.flush()
    assert verdict(carla, at=NIGHT) is None  # half past six in the evening at the school


def test_the_contacts_own_quiet_hours_come_first(app, carla):
    app.config.update(QUIET_HOURS_START="22:00", QUIET_HOURS_END="08:00")
    wants(carla, quiet_hours_start=time(1, 0), quiet_hours_end=time(2, 0))
    assert verdict(carla, at=NIGHT) is None
    assert verdict(carla, at=NIGHT + timedelta(minutes=45)).until == datetime(2026, 11, 27, 1, 0, tzinfo=UTC)


def test_more_than_the_cap_is_skipped_and_what_is_soon_free_waits(app, carla):
    app.config.update(MARKETING_CAP=1, MARKETING_CAP_DAYS=7)
    first, second = queue([carla])[0], queue([carla], visit_no=2)[0]
    deliver()
    assert (first.status, second.status) == ("sent", "skipped")
    assert second.reason == "The contact had enough marketing: at most 1 in 7 days."
    later = clock.now() + timedelta(days=6, hours=12)
    assert isinstance(verdict(carla, at=later), Hold)
    assert verdict(carla, at=clock.now() + timedelta(days=8)) is None
    assert verdict(carla, "transactional") is None


def test_two_of_one_batch_count_against_each_other(app, carla):
    app.config.update(MARKETING_CAP=1, MARKETING_CAP_DAYS=7)
    found = consent.verdicts([Asked(n, carla.id, "carla@example.com") for n in (7, 5)], clock.now())
    assert list(found) == [7]


def test_who_asked_for_less_gets_one_a_week(carla):
    wants(carla, frequency="weekly")
    queue([carla])
    deliver()
    assert verdict(carla) == Skip("The contact had enough marketing: at most 1 in 7 days.")


def test_a_minors_messages_go_to_the_guardian_with_the_minors_name_in_them(carla):
    maria = factories.contact(first_name="Maria", email="maria@example.com")
    carla.guardian_id = maria.id
    queue([carla])
    with MailServer() as server:
        deliver(server)
    mail = read(server.messages[0][2])
    assert (mail["To"], mail["Subject"]) == ("Maria Diaz <maria@example.com>", "Hi Carla")
    assert db.session.scalar(sa.select(EmailMessage.to_address)) == "maria@example.com"


def test_the_guardians_choice_counts(carla):
    maria = factories.contact(first_name="Maria", email="maria@example.com")
    carla.guardian_id = maria.id
    wants(carla, email_enabled=False)
    assert verdict(carla) is None
    wants(maria, marketing_emails=False)
    assert verdict(carla) == Skip("The contact wants no news and offers.")


def test_a_guardian_without_an_address_is_named(carla):
    carla.guardian_id = factories.contact(first_name="Maria", email=None).id
    message = queue([carla])[0]
    deliver()
    assert (message.status, message.reason) == ("skipped", "The guardian has no email address.")


def test_a_held_message_goes_on_in_the_morning_and_says_so_meanwhile(app, carla):
    app.config.update(QUIET_HOURS_START="22:00", QUIET_HOURS_END="08:00")
    message = queue([carla])[0]
    message.due_at = NIGHT - timedelta(hours=1)
    deliver(at=NIGHT)
    assert (message.status, message.attempts) == ("pending", 0)
    assert message.due_at == datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
    assert message.reason == "Quiet hours: it goes at 08:00 (Europe/Madrid)."
    deliver(at=message.due_at)
    assert (message.status, message.reason) == ("sent", None)


def test_a_batch_is_a_few_questions_however_many_it_holds(carla):
    people = [factories.contact(email=f"p{n}@example.com") for n in range(20)]
    asked = [Asked(n, each.id, each.email) for n, each in enumerate(people)]
    with counted() as statements:
        consent.verdicts(asked, clock.now())
    assert len([each for each in statements if each.startswith("SELECT")]) == 3


class counted:
    """The statements that run inside."""

    def __enter__(self):
        self.statements = []
        sa.event.listen(db.engine, "before_cursor_execute", self._note)
        return self.statements

    def _note(self, _connection, _cursor, statement, *_):
        self.statements.append(statement)

    def __exit__(self, *_):
        sa.event.remove(db.engine, "before_cursor_execute", self._note)


def test_an_erased_address_is_counted_though_only_its_hash_is_kept(carla):
    suppress_secretly("Carla@example.com", "The contact was erased.")
    factories.contact(email="dan@example.com", guardian_id=carla.id)
    factories.contact(email="else@example.com")
    assert counts() == {"The address is suppressed.": 2}
    assert isinstance(verdict(carla), Skip)
