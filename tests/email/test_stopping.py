"""Who presses Pause means now: what a worker has taken in hand and not yet begun goes back to waiting."""

import pytest

from crm.database import commit, db
from crm.delivery.models import SendingDay
from crm.email import lanes
from crm.email.models import EmailLane, EmailMessage
from crm.health import hold
from crm.lib import clock
from tests import factories
from tests.email.mailroom import deliver, queue
from tests.providers.mail_server import MailServer


def pause(lane_id):
    lanes.hold(db.session.get(EmailLane, lane_id))


def hold_everything(_lane_id):
    hold.begin("asked", clock.now())


def deliver_and(app, stop, lane_id):
    """Deliver what waits; in the middle of the first message somebody stops the lane."""

    def stop_at_the_dot(phase):
        if phase == "dot" and len(server.messages) == 1:
            with app.app_context():
                stop(lane_id)
                commit()

    with MailServer() as server:
        server.at = stop_at_the_dot
        return deliver(server), server.messages


@pytest.mark.parametrize("stop", [pause, hold_everything])
def test_what_is_in_hand_and_not_begun_waits_again(app, stop):
    """Stopped in the middle of the first message, of twelve that were claimed together."""
    app.config["MAIL_PER_DAY"] = 1000
    lane_id = lanes.open_lane("broadcast", 7, "Summer", is_held=False).id
    people = [factories.contact(first_name=f"P{n}", email=f"p{n}@example.com") for n in range(12)]
    queue(people, lane_id=lane_id)
    delivery, arrived = deliver_and(app, stop, lane_id)
    assert len(arrived) == 1
    statuses = [(each.status, each.attempts) for each in db.session.query(EmailMessage).order_by(EmailMessage.status)]
    assert statuses == [("pending", 0)] * 11 + [("sent", 1)]
    assert db.session.query(SendingDay).one().count == 1
    assert not delivery.is_down


def test_others_go_on_meanwhile(app):
    one, two = (lanes.open_lane("broadcast", number, "Summer", is_held=False).id for number in (7, 8))
    people = [factories.contact(first_name=f"P{n}", email=f"p{n}@example.com") for n in range(12)]
    queue(people[:6], lane_id=one)
    queue(people[6:], lane_id=two, visit_no=1)
    deliver_and(app, pause, one)
    assert lanes.counts(db.session.get(EmailLane, two))["sent"] == 6
    kept = lanes.counts(db.session.get(EmailLane, one))
    assert (kept["sent"], kept["pending"]) == (1, 5)
