"""Whatever people, readers, carriers and workers do to one broadcast, in any order: nobody gets it twice, nobody is lost, the sums add up.

Hypothesis chooses the acts and keeps a plain model beside the database: who may have got it, who left, who is gone.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crm.activity.models import ContactActivity
from crm.broadcasts import freezing, operations, progress, running
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.contacts.operations import delete_contact
from crm.database import commit, db
from crm.delivery import ledger
from crm.delivery.operations import suppress
from crm.duplicates.operations import merge_contacts
from crm.email import results
from crm.email.claiming import Outgoing, claim_batch, messages
from crm.email.models import EmailMessage
from crm.email.operations import send_again
from crm.email.results import Outcome
from crm.email.turns import Turns
from crm.email.writing import Writer
from crm.lib import clock
from crm.preferences.operations import unsubscribe
from crm.privacy.operations import erase_contact
from crm.providers.mail import Accepted, NotSent, Refused, Unknown
from tests import factories
from tests.broadcasts import kit
from tests.email.mailroom import SENDER

SIZE = 6
ENDS = {
    "taken": Accepted(250, "2.0.0 queued"),
    "no such mailbox": Refused(550, "5.1.1 nobody here", "rcpt"),
    "not now": Refused(451, "4.2.0 mailbox busy", "rcpt"),
    "refused after the dot": Refused(554, "5.7.1 not wanted", "dot"),
    "gone before the dot": NotSent("The connection ended."),
    "silent after the dot": Unknown("No answer."),
}
MAY_HAVE_IT = ("taken", "silent after the dot")


READERS = ("unsubscribe", "bounce", "delete", "erase", "merge", "come_late")
ACTS = st.sampled_from(
    ("nothing", "seconds", "kill", "stop", "pause", "hours", "launch", "choose_winner", "cancel", "chunk", *READERS)
)


def _while(*states: str):
    """A rule that is tried in these states of the broadcast alone."""
    return precondition(lambda self: self._now_there().status in states)


class OneLife(RuleBasedStateMachine):
    """One broadcast, with one wording or two. `reached` counts how often a message's last dot may have come to the carrier."""

    @initialize(is_tested=st.booleans(), chunks=st.sampled_from((4, 4, 1, 2)))
    def begin(self, is_tested: bool, chunks: int) -> None:
        _forget_everything()
        kit.people(SIZE)
        self.broadcast = kit.draft(
            "Fair", ("One", "Two"), **{"test_on": "subject", "test_share": 60} if is_tested else {}
        )
        self.ahead = timedelta()
        self.writer = Writer(SENDER)
        self.claimed: list[Outgoing] = []
        self.marked: list[Outgoing] = []
        self.reached: Counter[int] = Counter()
        self.allowed: Counter[int] = Counter()
        self.left: set[int] = set()
        self.dead: set[int] = set()
        self.late: set[int] = set()
        self.served: set[int] = set()
        self.were_unknown: set[int] = set()
        self.gone = 0
        self.is_complete = False
        self._press("launch", kit.BY)
        for _ in range(chunks):
            self._chunk()
        self._done()

    def _chunk(self) -> None:
        """Some recipients are written down, and then the worker is killed."""
        freezing.freeze(self.broadcast.id, seconds=0, is_gentle=False)

    @rule(first=ACTS, second=ACTS, end=st.sampled_from(sorted(ENDS)), who=st.integers(0, SIZE - 1))
    def send(self, first: str, second: str, end: str, who: int) -> None:
        """Claim, mark, hand over; and what happens between."""
        self._claim()
        self._happen(first, who)
        if first == "stop":
            return  # a worker that hangs: what it claimed it marks when it wakes, if that is still its own
        self._mark()
        self._happen(second, who)
        while self.marked and second != "stop":
            self._answer(end)
            end = "taken"

    @_while("paused")
    @rule()
    def resume(self) -> None:
        self._press("resume")

    @precondition(lambda self: self._unknown())
    @rule()
    def send_again(self) -> None:
        found = self._unknown()[0]
        self.allowed[found.id] += send_again(found, kit.BY)
        self._done()

    def _happen(self, act: str, who: int) -> None:
        if act in READERS:
            contact = db.session.scalar(sa.select(Contact).order_by(Contact.id).offset(who).limit(1))
            getattr(self, f"_{act}")(contact) if contact else None
        elif act in ("launch", "pause", "cancel"):
            self._press(act, *((kit.BY,) if act == "launch" else ()))
        elif act == "choose_winner":
            self._press(act, self._now_there().variants[1], "Ada chose it.")
        elif act not in ("nothing", "stop"):
            getattr(self, f"_{act}")()
        self._done()

    def _unsubscribe(self, contact: Contact) -> None:
        unsubscribe(contact, contact.email, by=kit.BY)
        self.left.add(contact.id)

    def _bounce(self, contact: Contact) -> None:
        suppress(contact.email, "It bounced.")
        self.dead.add(contact.id)

    def _delete(self, contact: Contact) -> None:
        self.gone += len(self._rows_of(contact))
        delete_contact(contact, kit.BY)

    def _erase(self, contact: Contact) -> None:
        erase_contact(contact, kit.BY)

    def _merge(self, loser: Contact) -> None:
        survivor = db.session.scalar(sa.select(Contact).order_by(Contact.id).limit(1))
        if survivor is loser:
            return
        kept, other = self._rows_of(survivor), self._rows_of(loser)
        if self._has_it(other):
            self.served |= self._waiting(kept)
        if self._has_it(kept) or (self._waiting(kept) and not self._has_it(other)):
            self.served |= self._waiting(other)
        self.left |= {survivor.id} if loser.id in self.left else set()
        merge_contacts(survivor, loser, (), kit.BY)

    def _come_late(self, _contact: Contact | None) -> None:
        if self._now_there().status not in ("draft", "launching"):
            late = factories.contact(first_name="Late", email=f"late{self.now.timestamp()}@example.com")
            self.late.add(late.id)

    def _seconds(self) -> None:
        self._pass(timedelta(seconds=25))

    def _hours(self) -> None:
        self._pass(timedelta(hours=3))

    def _pass(self, span: timedelta) -> None:
        """What the dead had in their hands is swept up, and the clock does what is due."""
        self.ahead += span
        ledger.sweep(messages, self.now)
        commit()
        self._note_unknown()
        running.run(self.now)

    def _kill(self) -> None:
        """Between the mark and the result, the carrier may have it."""
        self.reached.update(each.id for each in self.marked)
        self.claimed, self.marked = [], []

    def _claim(self) -> None:
        _, batch = claim_batch(self.now, 4, Turns())
        commit()
        for each in batch:
            self.writer.written(each, self.now)
        assert not {each.row.contact_id for each in batch} & (self.left | self.dead)
        self.claimed += batch

    def _mark(self) -> None:
        """What was claimed is about to be written out; only what is marked is."""
        mine = results.mark_sending(self.claimed, self.now, 5) if self.claimed else set()
        commit()
        marked = [each for each in self.claimed if each.message_id in mine]
        assert not {each.row.contact_id for each in marked} & (self.left | self.dead)
        assert not {each.id for each in marked} & self.served
        self.marked += marked
        self.claimed = []

    def _answer(self, end: str) -> None:
        outgoing = self.marked.pop(0)
        self.reached[outgoing.id] += end in MAY_HAVE_IT
        results.record([Outcome(outgoing, ENDS[end], self.now, "smtp")])
        self._done()
        self._note_unknown()

    def _note_unknown(self) -> None:
        self.were_unknown |= {each.id for each in kit.messages(self._now_there()) if each.status == "unknown"}

    @invariant()
    def promises(self) -> None:
        broadcast = self._now_there()
        rows, found = kit.messages(broadcast), progress.progress_of(broadcast, self.now)
        self._nobody_has_it_twice()
        assert found.open + found.ended + found.deleted == found.frozen
        assert found.deleted == self.gone
        if broadcast.status in ("draft", "launching"):
            assert not self.reached and not self.marked
        if (
            broadcast.status == "finished"
        ):  # but for what a person sends again, or an answer that came late says did not go
            assert {each.id for each in rows if each.status in operations.OPEN} <= self.were_unknown
        if broadcast.status == "sending" and not self.is_complete:
            assert {each.contact_id for each in rows} >= set(db.session.scalars(sa.select(Contact.id))) - self.late
            self.is_complete = True
        db.session.rollback()

    def _nobody_has_it_twice(self) -> None:
        on_the_way = Counter(each.id for each in self.marked)
        for number, times in (self.reached + on_the_way).items():
            assert times <= 1 + self.allowed[number]
        told = sa.select(ContactActivity.subject_id).where(ContactActivity.activity_type == "email_sent")
        assert max(Counter(db.session.scalars(told)).values(), default=0) <= 1

    @property
    def now(self) -> datetime:
        return clock.now() + self.ahead

    def _press(self, act: str, *given) -> None:
        getattr(operations, act)(self._now_there(), *given)
        self._done()

    def _now_there(self) -> Broadcast:
        return db.session.get_one(Broadcast, self.broadcast.id)

    def _unknown(self) -> list[EmailMessage]:
        return [each for each in kit.messages(self._now_there()) if each.status == "unknown" and not each.resent_at]

    def _has_it(self, rows: list[EmailMessage]) -> bool:
        """Whether one of these came, or may have come."""
        return any(self.reached[each.id] or each.status in ("sending", "unknown") for each in rows)

    def _waiting(self, rows: list[EmailMessage]) -> set[int]:
        return {each.id for each in rows if each.status in ("pending", "claimed")}

    def _rows_of(self, contact: Contact) -> list[EmailMessage]:
        return [each for each in kit.messages(self._now_there()) if each.contact_id == contact.id]

    def _done(self) -> None:
        commit()
        db.session.expire_all()


def _forget_everything() -> None:
    db.session.rollback()
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(sa.delete(table))
    commit()
    db.session.expunge_all()


def test_any_life_of_a_broadcast_keeps_the_promises(app, monkeypatch):
    monkeypatch.setattr(freezing, "FIRST", 2)
    monkeypatch.setattr(freezing, "CHUNK", 2)
    run_state_machine_as_test(
        OneLife,
        settings=settings(
            max_examples=25, stateful_step_count=12, derandomize=True, deadline=None,
            phases=[Phase.explicit, Phase.generate], database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
