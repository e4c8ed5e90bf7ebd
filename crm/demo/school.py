"""The demo school: its staff, tags and emails, the welcome workflow, and everyone's history with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from crm.activity.vocabulary import Actor
from crm.automation.documents import import_document
from crm.automation.models import Step, Workflow
from crm.automation.operations import activate, pause
from crm.automation.recipes import WELCOME
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.demo.history import History, Person, Welcome
from crm.demo.mailings import tell_of_broadcasts
from crm.demo.people import add_contacts
from crm.email.models import EmailLink
from crm.email.operations import ensure_content
from crm.email.templates import create_template
from crm.lib import clock
from crm.preferences.topics import create_topic
from crm.settings.queries import school_name
from crm.tags.operations import create_tag
from crm.users.models import User

BY = Actor(name="Demo")
BATCH = 2_000
NO_PASSWORD = "!"  # noqa: S105
"""A hash that no password has."""
STAFF = (
    ("Mo Hartmann", "mo", "crm_manager"),
    ("Agnes Lindqvist", "agnes", "crm_agent"),
    ("Jonas Weber", "jonas", "crm_agent"),
    ("Vic Moreau", "vic", "crm_viewer"),
)
TAGS = {
    "Interested": "green", "Newsletter": "blue", "Evening course": "purple", "Intensive": "orange",
    "Exam preparation": "teal", "Kids": "pink", "Scholarship": "yellow",
}  # fmt: skip
TEMPLATES = (
    (
        "Open day invitation",
        "Come and see us, {{ contact.first_name | default: 'neighbour' }}",
        "Coffee, taster lessons, and time for your questions.",
        "Hello {{ contact.first_name | default: 'there' }},\n\non the first Saturday of the month our doors are open from ten to two."
        " Try a lesson, meet the teachers, find your level.\n\n[Keep me a seat](https://example.com/open-day)\n\nSee you there,\n{{ school.name }}",
    ),
    (
        "Before your first lesson",
        "Your first lesson is coming up",
        "Where to go, what to bring.",
        "Hello {{ contact.first_name | default: 'there' }},\n\nwe are looking forward to meeting you. Please come ten minutes early and bring"
        " something to write with.\n\n[How to find us](https://example.com/find-us)",
    ),
)


class AlreadyThere(Exception):
    """The school has contacts of its own; the demo is not mixed in."""


TOPICS = (
    ("Course news", "New courses and places that became free, about once a month.", True),
    ("Concerts and open days", "What one can come to, four times a year.", True),
    ("Teaching tips", "A short exercise every week, for those who want it.", False),
)


def load_school(
    contacts: int = 1_000, seed: int = 1, at: datetime | None = None, progress: Callable[[int], object] = lambda _: None
) -> None:
    """Fill an empty school. The same seed and moment give the same school. Raises AlreadyThere. Commits as it goes."""
    if db.session.scalar(sa.select(Contact.id).limit(1)) is not None:
        raise AlreadyThere("There are contacts already; the demo school wants an empty database.")
    now = at or clock.now()
    staff = [_member(*each) for each in STAFF]
    owners = tuple(each.id for each in staff if each.role != "crm_viewer")
    tags = {name: create_tag(name, color, "", BY).id for name, color in TAGS.items()}
    for name, subject, preheader, body in TEMPLATES:
        create_template(name, subject, preheader, body, "markdown", BY)
    for name, description, is_default in TOPICS:
        create_topic(name, description, is_default=is_default)
    welcome = _welcome_workflow(tags["Interested"])
    commit()
    ids = add_contacts(contacts, seed, owners, now, progress)
    history = History(welcome, now, random.Random(seed + 1), tags)  # noqa: S311
    _write_history(history, ids, progress)
    tell_of_broadcasts(history)
    db.session.execute(sa.text("ANALYZE"))
    commit()


def _member(name: str, nick: str, role: str) -> User:
    """A colleague nobody can sign in as until an administrator gives them a password."""
    user = User(
        email=f"{nick}@demo.example",
        name=name,
        role=role,
        password_hash=NO_PASSWORD,
        timezone=current_app.config["TIMEZONE"],
    )
    db.session.add(user)
    db.session.flush()
    return user


def _welcome_workflow(interested: int) -> Welcome:
    """The recipe, activated; paused at once where real mail would reach made-up people."""
    workflow = import_document(WELCOME, BY)
    version = activate(workflow, BY)
    if current_app.config["SMTP_URL"]:
        pause(workflow, "Paused, because this school sends real mail and the demo's people are made up.")
    steps = list(db.session.scalars(sa.select(Step).where(Step.version_id == version.id).order_by(Step.id)))
    by_type = {(each.step_type, each.branch_type): each for each in steps}
    mail, remind = by_type["send_email", "main"], by_type["send_email", "timed_out"]
    first, second = (
        ensure_content(each.step_config["subject"], each.step_config["content"]) for each in (mail, remind)
    )
    return Welcome(
        workflow.id, version.id, workflow.name, mail.id, by_type["wait_for_event", "main"].id, by_type["add_tag", "happened"].id,
        by_type["create_task", "happened"].id, remind.id, interested, (first.id, first.subject), (second.id, second.subject),
        db.session.scalars(sa.select(EmailLink.url).where(EmailLink.content_id == first.id)).first() or "",
        {"name": school_name(), "address": current_app.config["MAIL_ADDRESS"]},
    )  # fmt: skip


def _write_history(history: History, ids: range, progress: Callable[[int], object]) -> None:
    enrolled = 0
    for start in range(ids.start, ids.stop, BATCH):
        people = list(_people(range(start, min(start + BATCH, ids.stop))))
        for person in people:
            history.tell(person)
        enrolled += sum(person.email is not None for person in people)
        history.write()
        commit()
        progress(len(people))
    workflow = db.session.get_one(Workflow, history.welcome.workflow_id)
    workflow.total_enrolled, workflow.total_completed = enrolled, history.completed


def _people(ids: range) -> Iterator[Person]:
    found = sa.select(
        Contact.id, Contact.first_name, Contact.email, Contact.source, Contact.owner_id, Contact.created_at
    )
    for row in db.session.execute(found.where(Contact.id >= ids.start, Contact.id < ids.stop).order_by(Contact.id)):
        yield Person(*row)
