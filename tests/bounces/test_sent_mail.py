"""What a mail carries so that reports about it find their way back, and whom it is from."""

from crm.database import commit
from crm.delivery.senders import save_sender
from crm.email.lanes import open_lane
from crm.email.reporting import message_of
from tests import factories
from tests.email.mailroom import deliver, queue, read
from tests.providers.mail_server import MailServer


def test_a_mail_names_itself_and_comes_from_its_sender_or_its_lanes(app, doors):
    anna = save_sender(None, "Anna", "anna@school.example", "office@school.example", is_default=False)
    ben = save_sender(None, "Ben", "ben@school.example", "", is_default=False)
    lane = open_lane("broadcast", 1, "News", is_held=False, sender_id=ben.id)
    one, two = factories.contact(), factories.contact(email="two@example.com")
    (first,) = queue([one], sender_id=anna.id)
    (second,) = queue([two], lane_id=lane.id, visit_no=1)
    commit()
    with MailServer() as server:
        deliver(server)
    mails = {each["To"].addresses[0].addr_spec: each for each in (read(raw) for _, _, raw in server.messages)}
    to_one, to_two = mails["carla@example.com"], mails["two@example.com"]
    assert (str(to_one["From"]), str(to_one["Reply-To"])) == ("Anna <anna@school.example>", "office@school.example")
    assert (str(to_two["From"]), to_two["Reply-To"]) == ("Ben <ben@school.example>", None)
    assert message_of(to_one["X-Cohort-Message"]) == first.id
    assert message_of(to_two["X-PM-Metadata-cohort"]) == second.id
    assert to_one["X-Cohort-Message"] in to_one["X-Mailgun-Variables"]
