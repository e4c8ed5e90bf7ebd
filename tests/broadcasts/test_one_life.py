"""Whatever people and the worker do to one broadcast, in any order: nobody gets it twice, and the sums add up."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.activity.models import ContactActivity
from crm.broadcasts import freezing, operations, progress, running
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.contacts.operations import delete_contact
from crm.database import commit, db
from crm.delivery.operations import suppress
from crm.lib import clock
from crm.preferences.operations import unsubscribe
from tests.broadcasts import kit

SIZE = 5
ACTS = (
    "launch",
    "freeze",
    "pause",
    "resume",
    "cancel",
    "send",
    "lose",
    "clock",
    "winner",
    "unsubscribe",
    "delete",
    "bounce",
)


class Life:
    """One broadcast, tried in two versions, and what was handed over."""

    def __init__(self) -> None:
        self.broadcast = kit.draft("Fair", ("One", "Two"), test_share=40)
        self.later = clock.now()
        self.gone_before = 0
        """How many contacts were deleted before they were written down."""

    def do(self, act: str) -> None:
        getattr(self, act, lambda: getattr(operations, act)(self.broadcast))()
        commit()
        db.session.expire_all()

    def launch(self) -> None:
        operations.launch(self.broadcast, kit.BY)

    def freeze(self) -> None:
        """One chunk, and then the worker is killed."""
        freezing.freeze(self.broadcast.id, seconds=0)

    def send(self) -> None:
        kit.send()

    def lose(self) -> None:
        """A worker stopped while a message was with the carrier."""
        for each in kit.messages(self.broadcast)[:1]:
            if each.status == "pending":
                each.status = "unknown"

    def clock(self) -> None:
        self.later += timedelta(hours=3)
        running.run(self.later)

    def unsubscribe(self) -> None:
        if contact := self._somebody():
            unsubscribe(contact, contact.email, by=kit.BY)

    def delete(self) -> None:
        if contact := self._somebody():
            is_written = contact.id in {each.contact_id for each in kit.messages(self.broadcast)}
            self.gone_before += not is_written
            delete_contact(contact, kit.BY)

    def bounce(self) -> None:
        if contact := self._somebody():
            suppress(contact.email, "It bounced.")

    def _somebody(self) -> Contact | None:
        return db.session.scalar(sa.select(Contact).order_by(Contact.id.desc()).limit(1))

    def winner(self) -> None:
        operations.choose_winner(self.broadcast, self.broadcast.variants[1], "Ada chose it.")


def check(life: Life) -> None:
    broadcast = db.session.get_one(Broadcast, life.broadcast.id)
    found = progress.progress_of(broadcast, clock.now())
    sent = db.session.scalars(
        sa.select(ContactActivity.contact_id).where(ContactActivity.activity_type == "email_sent")
    ).all()
    assert found.open + found.ended + found.deleted == found.frozen <= SIZE
    assert len(set(sent)) == len(sent) == found.sent
    if broadcast.status == "finished":
        assert (found.open, found.frozen) == (0, SIZE - life.gone_before)
    if broadcast.status in ("draft", "launching"):
        assert not sent


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(ACTS), min_size=4, max_size=12))
def test_any_life_of_a_broadcast_keeps_the_promises(app, monkeypatch, acts):
    monkeypatch.setattr(freezing, "FIRST", 2)
    monkeypatch.setattr(freezing, "CHUNK", 2)
    for model in (Contact, Broadcast):
        db.session.query(model).delete()
    commit()
    kit.people(SIZE)
    life = Life()
    for act in acts:
        life.do(act)
        check(life)
