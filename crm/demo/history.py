"""The past of the demo's contacts: where they came from, the tags they got, and their way through the welcome workflow.

Every row is as the product itself would have written it, so totals, journeys and timelines agree; nothing waits to be handed out.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.operations import row_of
from crm.activity.vocabulary import (
    Activity,
    Actor,
    ContactCreated,
    EmailClicked,
    EmailOpened,
    EmailSent,
    SequenceCompleted,
    SequenceStarted,
    TagAdded,
    TaskCompleted,
    TaskCreated,
)  # fmt: skip
from crm.automation.models import Enrollment, StepLog
from crm.contacts.models import Contact
from crm.database import Base, db, table_of
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen
from crm.tags.models import Tagging
from crm.tasks.models import Task

OPENS, CLICKS, LATER_OPENS = 0.56, 0.24, 0.31
"""Shares of the welcome emails, and of the second ones, that people opened and clicked."""
PATIENCE = timedelta(days=3)


@dataclass(frozen=True)
class Welcome:
    """The welcome workflow as it was built: its ids, and the contents of its two emails."""

    workflow_id: int
    version_id: int
    name: str
    mail: int
    wait: int
    tag: int
    task: int
    remind: int
    interested: int
    first_content: tuple[int, str]
    second_content: tuple[int, str]
    url: str
    school: dict[str, str]


DEVICES: tuple[tuple[str, str, str | None], ...] = (
    ("phone", "Apple Mail", "iOS"),
    ("phone", "Chrome", "Android"),
    ("unknown", "Gmail", None),
    ("unknown", "Gmail", None),
    ("desktop", "Chrome", "Windows"),
    ("desktop", "Outlook", "Windows"),
    ("tablet", "Apple Mail", "iOS"),
)
"""What the readers of the demo school read with."""


@dataclass
class Person:
    """What the history needs to know of a contact."""

    id: int
    first_name: str
    email: str | None
    source: str
    owner_id: int | None
    created_at: datetime


@dataclass
class History:
    """Rows of a batch of contacts, by table, and the next free id of each table whose rows others point at."""

    welcome: Welcome
    now: datetime
    chance: random.Random
    tags: dict[str, int]
    next_id: dict[type[Base], int] = field(default_factory=dict)
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    completed: int = 0

    def tell(self, person: Person) -> None:
        """The whole story of one contact."""
        facts = {"of": person.id, "activity": person.created_at, "sent": None, "opened": None, "clicked": None}
        self.say(ContactCreated(contact_id=person.id, source=person.source), person.created_at)
        for name in self._interests():
            self.put_tag(person, name, self._after(person.created_at, hours=200))
        if person.email:
            self._welcome(person, facts)
        self.rows[Contact].append(facts)

    def say(self, activity: Activity, at: datetime) -> int:
        """An activity of the past, handed out long ago; its id."""
        return self.add(ContactActivity, **row_of(activity, at), dispatched_at=at)

    def put_tag(self, person: Person, name: str, at: datetime, by: Actor | None = None) -> None:
        if at <= self.now:
            self.add(Tagging, tag_id=self.tags[name], contact_id=person.id, tagged_at=at, tagged_by=None)
            self.say(TagAdded(contact_id=person.id, subject_id=self.tags[name], tag=name, by=by or Actor()), at)

    def _interests(self) -> Iterator[str]:
        if self.chance.random() < 0.4:
            yield self.chance.choice(("Evening course", "Intensive", "Exam preparation", "Kids"))
        if self.chance.random() < 0.25:
            yield "Newsletter"
        if self.chance.random() < 0.06:
            yield "Scholarship"

    def _welcome(self, person: Person, facts: dict[str, Any]) -> None:
        """Enrolled at once, written to, waited for; then one of the two ways, or still waiting."""
        start, run = person.created_at, self._free(Enrollment)
        by = Actor(name=f"Workflow “{self.welcome.name}”", depth=1)
        self.say(
            SequenceStarted(contact_id=person.id, subject_id=self.welcome.workflow_id, workflow=self.welcome.name),
            start,
        )
        self._visit(run, 1, self.welcome.mail, start, start, why="Email queued")
        opens, clicks = self._luck(OPENS, CLICKS)
        clicked = self._mail(
            person, facts, run, 1, self.welcome.mail, self.welcome.first_content, start, opens, clicks, by
        )
        if clicked and clicked[1] < start + PATIENCE:
            end = self._happened(person, run, start, clicked, by)
        elif start + PATIENCE <= self.now:
            end = self._timed_out(person, facts, run, start, by)
        else:
            end = None
            self._visit(
                run,
                2,
                self.welcome.wait,
                start,
                None,
                why="Waits for “Link clicked”",
                until=(start + PATIENCE).isoformat(),
            )
        self._enroll(person, run, start, end, visits=2 if end is None else 4 if clicked else 3)

    def _happened(
        self, person: Person, run: int, start: datetime, clicked: tuple[int, datetime], by: Actor
    ) -> datetime:
        event, at = clicked
        self._visit(
            run, 2, self.welcome.wait, start, at, why="It happened: Link clicked", branch="happened", event_id=event
        )
        self._visit(run, 3, self.welcome.tag, at, at, why="Tag added")
        self.put_tag(person, "Interested", at, by)
        title = f"Call {person.first_name}: they looked at our courses"
        task = self._task(person, title, at, by)
        self._visit(run, 4, self.welcome.task, at, at, why=f"Task created: {title}", task_id=task)
        return at

    def _timed_out(self, person: Person, facts: dict[str, Any], run: int, start: datetime, by: Actor) -> datetime:
        at = start + PATIENCE
        self._visit(run, 2, self.welcome.wait, start, at, why="Not within 3 days: Link clicked", branch="timed_out")
        self._visit(run, 3, self.welcome.remind, at, at, why="Email queued")
        opens, clicks = self._luck(LATER_OPENS, CLICKS / 3)
        self._mail(person, facts, run, 3, self.welcome.remind, self.welcome.second_content, at, opens, clicks, by)
        return at

    def _enroll(self, person: Person, run: int, start: datetime, end: datetime | None, visits: int) -> None:
        waits = end is None
        self.add(
            Enrollment, id=run, workflow_id=self.welcome.workflow_id, version_id=self.welcome.version_id, contact_id=person.id, entry_key="",
            current_step_id=self.welcome.wait if waits else None, status="active" if waits else "completed", enrolled_at=start,
            next_action_at=start + PATIENCE if waits else None, arrived_at=start if waits else None,
            waiting_for="email_clicked" if waits else None, visit_no=visits, depth=1, completed_at=end, metadata_={},
        )  # fmt: skip
        if end:
            self.completed += 1
            self.say(
                SequenceCompleted(
                    contact_id=person.id, subject_id=self.welcome.workflow_id, workflow=self.welcome.name
                ),
                end,
            )

    def _visit(self, run: int, number: int, step: int, arrived: datetime, left: datetime | None, **result: Any) -> None:
        self.add(
            StepLog, enrollment_id=run, step_id=step, visit_no=number, status="completed" if left else "pending",
            executed_at=left, result=result, created_at=arrived,
        )  # fmt: skip

    def _mail(
        self, person: Person, facts: dict[str, Any], run: int, visit: int, step: int, content: tuple[int, str], at: datetime,
        opens: bool, clicks: bool, by: Actor,
    ) -> tuple[int, datetime] | None:  # fmt: skip
        """An email and what became of it; the activity and moment of the click, if there was one."""
        sent = at + timedelta(seconds=self.chance.randint(1, 40))
        opened = self._after(sent, hours=30) if opens else None
        clicked = opened + timedelta(seconds=self.chance.randint(5, 90)) if opened and clicks else None
        opened, clicked = [each if each and each <= self.now else None for each in (opened, clicked)]
        subject = content[1].replace(
            "{{ contact.first_name | default: 'and hello' }}", person.first_name or "and hello"
        )
        message = self.add(
            EmailMessage, contact_id=person.id, content_id=content[0], purpose="workflow", parent_id=run, visit_no=visit, step_id=step,
            status="sent", to_address=person.email, subject=subject, merge_values=self._values(person), actor=by.name, depth=1, provider="outbox",
            message_id=f"<demo.{run}.{visit}@localhost>", due_at=at, dot_at=sent, sent_at=sent, created_at=at, attempts=1, fence=1, is_marketing=True,
            opened_at=opened, opened_count=1 if opened else 0, clicked_at=clicked, clicked_count=1 if clicked else 0,
            machine_opened_count=0, machine_clicked_count=0,
        )  # fmt: skip
        about = {"contact_id": person.id, "subject_id": message, "subject": subject, "purpose": "workflow"}
        self.say(EmailSent(**about, by=by), sent)
        facts.update(
            sent=sent,
            opened=opened or facts["opened"],
            clicked=clicked or facts["clicked"],
            activity=clicked or opened or sent,
        )
        reader = {"email_message_id": message, "contact_id": person.id, **self.device(), "visitor": "person"}
        if opened:
            self.add(EmailOpen, **reader, opened_at=opened)
            self.say(EmailOpened(**about), opened)
        if not clicked:
            return None
        self.add(EmailLinkClick, **reader, url=self.welcome.url, position=0, clicked_at=clicked)
        return self.say(EmailClicked(**about, url=self.welcome.url), clicked), clicked

    def device(self) -> dict[str, str | None]:
        device, client, system = self.chance.choice(DEVICES)
        return {"device": device, "client": client, "system": system}

    def _values(self, person: Person) -> dict[str, Any]:
        return {"contact": {"first_name": person.first_name}, "school": self.welcome.school}

    def _task(self, person: Person, title: str, at: datetime, by: Actor) -> int:
        is_put_off = self.now - at < timedelta(days=12) and self.chance.random() < 0.6
        done = self.now + PATIENCE if is_put_off else self._after(at, hours=60)
        is_done = done <= self.now
        task = self.add(
            Task, contact_id=person.id, assigned_to=person.owner_id, title=title[:255], due_date=(at + timedelta(days=1)).date(), priority="medium",
            status="completed" if is_done else "pending", completed_at=done if is_done else None, created_at=at, updated_at=done if is_done else at,
        )  # fmt: skip
        self.say(TaskCreated(contact_id=person.id, subject_id=task, task=title, by=by), at)
        if is_done:
            self.say(TaskCompleted(contact_id=person.id, subject_id=task, task=title), done)
        return task

    def _luck(self, opens: float, clicks: float) -> tuple[bool, bool]:
        roll = self.chance.random()
        return roll < opens, roll < clicks

    def _after(self, moment: datetime, hours: float) -> datetime:
        """Some time later, sooner more likely than later."""
        return moment + timedelta(hours=hours * self.chance.random() ** 2.5, minutes=2)

    def _free(self, model: type[Base]) -> int:
        """The next id of the table, taken."""
        if model not in self.next_id:
            self.next_id[model] = (db.session.scalar(sa.select(sa.func.max(table_of(model).c.id))) or 0) + 1
        self.next_id[model] += 1
        return self.next_id[model] - 1

    def add(self, model: type[Base], **values: Any) -> int:
        row = values if "id" in values else {"id": self._free(model), **values}
        self.rows[model].append(row)
        return row["id"]

    def write(self) -> None:
        """Put the batch into the database, those first that others point at."""
        for model in (ContactActivity, Tagging, Enrollment, StepLog, EmailMessage, EmailOpen, EmailLinkClick, Task):
            if rows := self.rows[model]:
                db.session.execute(sa.insert(model), rows)
        db.session.execute(_KEEP_FACTS, self.rows[Contact], execution_options={"synchronize_session": False})
        self.rows.clear()


_contacts = table_of(Contact)
_KEEP_FACTS = (
    sa.update(_contacts)
    .where(_contacts.c.id == sa.bindparam("of"))
    .values(
        last_activity_at=sa.bindparam("activity"),
        last_email_sent_at=sa.bindparam("sent"),
        last_email_opened_at=sa.bindparam("opened"),
        last_email_clicked_at=sa.bindparam("clicked"),
    )
)
