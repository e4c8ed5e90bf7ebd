"""The demo's broadcasts: three that were sent, with what came back from them, and two that are being written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Actor, EmailBounced, EmailClicked, EmailOpened, EmailSent, EmailUnsubscribed
from crm.broadcasts import drafting, reach
from crm.broadcasts.drafting import Words
from crm.broadcasts.models import PURPOSE, Broadcast
from crm.broadcasts.running import refresh_counts
from crm.contacts.models import Contact
from crm.database import commit, db, insert_new, table_of
from crm.delivery.models import Suppression
from crm.demo.history import History
from crm.email.lanes import open_lane
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen
from crm.preferences.models import EmailUnsubscribe

BY = Actor(name="Demo")
MOST = 1_500
"""Recipients of one broadcast, so that a large demo is not slow to make."""
NO_SUCH_USER = "550 5.1.1 No such user here"
REASONS = ("not_relevant", "too_many", "no_longer")
SEAT, PLACES, FIND = "https://example.com/open-day", "https://example.com/courses", "https://example.com/find-us"


@dataclass(frozen=True)
class Told:
    """A broadcast of the past: how long ago it went, its subjects, its text, and how large a part opened and clicked."""

    name: str
    days: int
    subjects: tuple[str, ...]
    body: str
    opens: float
    clicks: float
    links: tuple[str, ...]


PAST = (
    Told(
        "Summer courses", 74, ("Summer courses are open",),
        f"Hello {{{{ contact.first_name | default: 'there' }}}},\n\nthe summer courses are open for enrolment, mornings and evenings.\n\n[See all courses]({PLACES})",
        0.46, 0.3, (PLACES,),
    ),
    Told(
        "Open day invitation", 26, ("Come and see us, {{ contact.first_name | default: 'neighbour' }}", "Coffee, taster lessons, your questions"),
        f"On the first Saturday of the month our doors are open from ten to two.\n\n[Keep me a seat]({SEAT})\n\n[How to find us]({FIND})",
        0.52, 0.42, (SEAT, SEAT, SEAT, FIND),
    ),
    Told(
        "Exam preparation: last places", 2, ("Last places in exam preparation",),
        f"Hello {{{{ contact.first_name | default: 'there' }}}},\n\nfive places are left in the course that begins on Monday.\n\n[Take one]({PLACES})",
        0.38, 0.36, (PLACES,),
    ),
)  # fmt: skip


def tell_of_broadcasts(history: History) -> None:
    """Write the past broadcasts with their answers, and the drafts."""
    for told in PAST:
        _tell(history, told)
    draft = drafting.create_broadcast("Winter courses", BY)
    drafting.choose_audience(draft, [], [], None, is_for_everyone=True)
    drafting.write(draft, Words("Winter courses: enrol before Christmas", "Evening and weekend groups.", PAST[0].body))
    draft.links_due_at, draft.link_checks = None, {PLACES: {"is_good": True, "said": "200"}}
    drafting.create_broadcast("Thank-you note to our alumni", BY)
    commit()


def _tell(history: History, told: Told) -> None:
    at = (history.now - timedelta(days=told.days)).replace(hour=9, minute=0, second=0, microsecond=0)
    broadcast = _written(told, at)
    found = sa.select(Contact.id, Contact.email, Contact.first_name).where(
        reach.meant(broadcast), Contact.email.is_not(None), Contact.created_at < at
    )
    people = db.session.execute(found.order_by(Contact.id.desc()).limit(MOST)).all()
    for number, person in enumerate(people):
        _one(history, told, broadcast, number, person, at)
    broadcast.frozen, broadcast.expected = len(people), len(people)
    _write(history)
    refresh_counts(history.now)
    commit()


def _written(told: Told, at: datetime) -> Broadcast:
    broadcast = drafting.create_broadcast(told.name, BY)
    drafting.choose_audience(broadcast, [], [], None, is_for_everyone=True)
    for position, subject in enumerate(told.subjects):
        if position:
            drafting.add_variant(broadcast, "subject")
        drafting.write(broadcast, Words(subject, "", told.body), position)
    lane = open_lane(PURPOSE, broadcast.id, told.name, is_held=False)
    facts: dict[str, Any] = {
        "status": "finished", "created_at": at - timedelta(days=2), "updated_at": at, "launched_at": at, "sending_since": at,
        "finished_at": at + timedelta(minutes=9), "audience_words": reach.words(broadcast), "lane_id": lane.id, "links_due_at": None,
    }  # fmt: skip
    if len(told.subjects) > 1:
        facts |= {"winner_by": "opens", "test_share": 100, "decided_at": at + timedelta(hours=4), "is_rolled_out": True}
        facts |= {"winner_id": broadcast.variants[0].id, "decided_because": "Most opens by people."}
    for key, value in facts.items():
        setattr(broadcast, key, value)
    db.session.flush()
    return broadcast


def _one(history: History, told: Told, broadcast: Broadcast, number: int, person: Any, at: datetime) -> None:
    """One recipient, and what came of it."""
    chance, variant = history.chance, broadcast.variants[number % len(broadcast.variants)]
    sent = at + timedelta(seconds=number * 0.35)
    roll, is_lost = chance.random(), chance.random() < 0.012
    opens = told.opens * (0.82 if variant.position else 1)
    opened = _later(history, sent, 40) if roll < opens and not is_lost else None
    clicked = _later(history, opened, 1) if opened and roll < opens * told.clicks else None
    left = _later(history, opened, 2) if opened and chance.random() < 0.008 else None
    subject = variant.content.subject.replace(
        "{{ contact.first_name | default: 'neighbour' }}", person.first_name or "neighbour"
    )
    message = history.add(
        EmailMessage, contact_id=person.id, content_id=variant.content_id, purpose=PURPOSE, parent_id=broadcast.id, visit_no=0,
        lane_id=broadcast.lane_id, status="failed" if is_lost else "sent", reason=NO_SUCH_USER if is_lost else None, to_address=person.email,
        subject=subject, merge_values={"contact": {"first_name": person.first_name}, "school": history.welcome.school},
        actor=f"Broadcast “{told.name}”", depth=0, provider="outbox", message_id=f"<demo.b{broadcast.id}.{person.id}@localhost>", due_at=at,
        dot_at=sent, sent_at=None if is_lost else sent, created_at=at, attempts=1, fence=1, is_marketing=True, opened_at=opened,
        opened_count=1 if opened else 0, clicked_at=clicked, clicked_count=1 if clicked else 0, machine_opened_count=0, machine_clicked_count=0,
        unsubscribed_at=left, bounced_at=sent if is_lost else None, bounce_type="hard" if is_lost else None,
    )  # fmt: skip
    about = {"contact_id": person.id, "subject_id": message, "subject": subject, "purpose": PURPOSE}
    if is_lost:
        history.say(EmailBounced(**about, reason=NO_SUCH_USER), sent)
        history.add(Suppression, channel="email", address=person.email, reason=NO_SUCH_USER, created_at=sent)
        return
    history.say(EmailSent(**about, by=Actor(name=f"Broadcast “{told.name}”")), sent)
    _answers(history, told, about, person.email, opened, clicked, left)


def _answers(
    history: History, told: Told, about: dict[str, Any], email: str, opened: datetime | None, clicked: datetime | None, left: datetime | None
) -> None:  # fmt: skip
    """What the reader did with it."""
    reader = {
        "email_message_id": about["subject_id"],
        "contact_id": about["contact_id"],
        **history.device(),
        "visitor": "person",
    }
    if opened:
        history.add(EmailOpen, **reader, opened_at=opened)
        history.say(EmailOpened(**about), opened)
    if clicked:
        url = history.chance.choice(told.links)
        history.add(EmailLinkClick, **reader, url=url, position=sorted(set(told.links)).index(url), clicked_at=clicked)
        history.say(EmailClicked(**about, url=url), clicked)
    if left:
        reason = history.chance.choice(REASONS)
        history.add(
            EmailUnsubscribe, contact_id=about["contact_id"], email=email, reason=reason,
            email_message_id=about["subject_id"], unsubscribed_at=left,
        )  # fmt: skip
        history.say(EmailUnsubscribed(contact_id=about["contact_id"], reason=reason), left)


def _later(history: History, moment: datetime, hours: float) -> datetime | None:
    found = moment + timedelta(hours=hours * history.chance.random() ** 3, minutes=1)
    return found if found <= history.now else None


def _write(history: History) -> None:
    """Put the rows into the database, those first that others point at; then the newest of each kind on the contacts."""
    for model in (ContactActivity, EmailMessage, EmailOpen, EmailLinkClick, EmailUnsubscribe):
        if rows := history.rows[model]:
            db.session.execute(sa.insert(model), rows)
    lost = [{key: value for key, value in row.items() if key != "id"} for row in history.rows[Suppression]]
    insert_new(table_of(Suppression), lost)
    ids = [row["contact_id"] for row in history.rows[EmailMessage]]
    history.rows.clear()
    for start in range(0, len(ids), 500):
        _keep_facts(ids[start : start + 500])


def _keep_facts(contact_ids: Sequence[int]) -> None:
    newest = {}
    for fact, column in FACTS.items():
        latest = sa.select(sa.func.max(column)).where(EmailMessage.contact_id == Contact.id).scalar_subquery()
        newest[fact] = latest
    happened = sa.select(sa.func.max(ContactActivity.created_at)).where(ContactActivity.contact_id == Contact.id)
    values = {**newest, "last_activity_at": happened.scalar_subquery(), "updated_at": Contact.updated_at}
    statement = sa.update(Contact).where(Contact.id.in_(contact_ids)).values(values)
    db.session.execute(statement, execution_options={"synchronize_session": False})


FACTS = {
    "last_email_sent_at": EmailMessage.sent_at,
    "last_email_opened_at": EmailMessage.opened_at,
    "last_email_clicked_at": EmailMessage.clicked_at,
}
