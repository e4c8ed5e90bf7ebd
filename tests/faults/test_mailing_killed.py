"""A mailing of two thousand, its worker killed at every phase of SMTP: nobody gets it twice, nobody is forgotten, the sums always agree."""

from __future__ import annotations

import threading
from collections import Counter

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import commit, db, table_of
from crm.email import lanes
from crm.email.models import EmailLane, EmailMessage
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.email.sending import MOST_AHEAD, Delivery
from crm.email.writing import Writer
from crm.lib import clock
from crm.lib.smtp_url import Server
from crm.providers.smtp import Smtp, Timeouts
from tests.email.mailroom import SENDER
from tests.faults.test_worker_killed import kill_at, looked, until
from tests.faults.worker import Worker
from tests.providers.mail_server import DROP, MailServer

RECIPIENTS = 2_000
PHASES = ("banner", "rcpt", "data", "dot", "mail")
"""Before each of these is answered; at `mail` the message before it was just accepted."""
ROUNDS = 1
IN_FLIGHT = 2 * 4 + 2 * MOST_AHEAD
"""What a kill may leave unknown: what was in four connections, and what was marked or not yet written down."""


def mailing(recipients: int) -> EmailLane:
    rows = [{"first_name": "Carla", "email": f"carla{number}@example.com"} for number in range(recipients)]
    db.session.execute(sa.insert(table_of(Contact)), rows)
    lane = lanes.open_lane("broadcast", 1, "Summer", is_held=False)
    content = ensure_content(
        "Hi {{ contact.first_name }}", "Read [this](https://school.example/a), {{ contact.first_name }}."
    )
    ids = db.session.scalars(sa.select(Contact.id))
    queue_emails(
        [
            NewEmail(contact_id=each, content_id=content.id, purpose="broadcast", parent_id=1, lane_id=lane.id)
            for each in ids
        ]
    )
    commit()
    return lane


def counts(lane: EmailLane, recipients: int = RECIPIENTS) -> dict[str, int]:
    """The lane's sums, which must agree whenever one looks."""
    seen = looked(lambda: lanes.counts(lane))
    assert sum(seen.values()) == recipients
    return seen


def finish(app, server: MailServer, lane: EmailLane, recipients: int) -> dict[str, int]:
    """A last worker, left in peace. Nobody is alive to hold the leases of the dead: they are let run out."""
    held = EmailMessage.status.in_(("claimed", "sending"))
    db.session.execute(sa.update(EmailMessage).where(held).values(lease_until=clock.now()))
    db.session.execute(sa.update(EmailMessage).where(EmailMessage.status == "pending").values(due_at=clock.now()))
    commit()
    worker = Worker(app.config["INSTANCE_PATH"], server.url)
    try:
        assert until(lambda: not _open(counts(lane, recipients)), 60, 0.1), counts(lane, recipients)
    finally:
        worker.kill()
    return counts(lane, recipients)


def _open(seen: dict[str, int]) -> int:
    return sum(seen[each] for each in ("pending", "claimed", "sending"))


def arrivals(server: MailServer) -> Counter[str]:
    return Counter(recipient.decode().partition("<")[2].partition(">")[0] for _, recipient, _ in server.messages)


def test_killed_at_every_phase_nobody_gets_it_twice_and_nobody_is_forgotten(app):
    lane = mailing(RECIPIENTS)
    kills = 0
    with MailServer() as server:
        for round_, phase in enumerate(PHASES):
            worker = Worker(app.config["INSTANCE_PATH"], server.url)
            enough = min(len(server.messages) + 120, RECIPIENTS // 2) if round_ % 2 else 0
            until(lambda enough=enough: len(server.messages) >= enough, 3)
            kill_at(phase, worker, server)
            worker.kill()
            kills += 1
            counts(lane)
        ended = finish(app, server, lane, RECIPIENTS)
        arrived = arrivals(server)
    assert ended["sent"] + ended["unknown"] == RECIPIENTS
    assert ended["unknown"] <= kills * IN_FLIGHT
    rows = db.session.execute(
        sa.select(Contact.email, EmailMessage.status).join(Contact, Contact.id == EmailMessage.contact_id)
    )
    for address, status in rows:
        assert arrived[address] == 1 if status == "sent" else arrived[address] <= 1, (address, status)


def test_one_that_is_never_answered_holds_up_nobody(app):
    lane, others = mailing(60), threading.Event()

    def dot(recipient: bytes) -> object:
        if len(server.messages) == 1:
            others.wait(20)
            return DROP
        if len(server.messages) >= 58:  # all but the one, and the one that was announced behind it
            others.set()
        return None

    with MailServer({"dot": dot}) as server:
        provider = Smtp(Server.of_url(server.url), Timeouts(dot=30), width=4)
        delivery = Delivery(provider, Writer(SENDER))
        delivery.run(15)
        delivery.close()
    assert others.is_set()
    seen = counts(lane, 60)
    assert (seen["sent"], seen["unknown"]) == (59, 1)
    assert max(arrivals(server).values()) == 1
