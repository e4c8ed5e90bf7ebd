"""A user's tasks as a calendar (RFC 5545) behind a private address.

The address carries the user and a serial number, signed; it needs no stored secret and is worthless once the serial has changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from crm.database import db
from crm.lib import clock
from crm.lib.tokens import Tokens
from crm.tasks.models import OPEN, Task, TaskCalendar
from crm.tasks.queries import shows_contact
from crm.users.models import User

KIND = "calendar"
MOST = 1000
LAST = timedelta(minutes=30)
URGENCY = {"urgent": 1, "high": 3, "medium": 5, "low": 7}


def calendar_token(user: User) -> str | None:
    """The secret part of the user's calendar address; None while the feed is off."""
    feed = db.session.get(TaskCalendar, user.id)
    return _tokens().sign(KIND, user.id, feed.serial) if feed and feed.is_on else None


def turn_on(user: User) -> None:
    """Give the user a calendar address; any old one is worthless from now on."""
    feed = db.session.get(TaskCalendar, user.id) or TaskCalendar(user_id=user.id)
    feed.serial, feed.is_on = secrets.randbelow(2**62), True
    db.session.add(feed)
    db.session.flush()


def turn_off(user: User) -> None:
    """Let the user's calendar address lead nowhere."""
    feed = db.session.get(TaskCalendar, user.id)
    if feed:
        feed.is_on = False
        db.session.flush()


def user_of(token: str) -> User | None:
    """Whose calendar the address shows, if it is in force."""
    numbers = _tokens().read(KIND, token)
    if numbers is None or len(numbers) != 2:
        return None
    feed, user = db.session.get(TaskCalendar, numbers[0]), db.session.get(User, numbers[0])
    if not feed or not user or not feed.is_on or feed.serial != numbers[1]:
        return None
    return user if user.is_enabled and user.can("crm.contacts.view") else None


def calendar(user: User, base_url: str, name: str) -> str:
    """The user's open tasks that have a day, as an iCalendar file."""
    found = sa.select(Task).where(Task.assigned_to == user.id, Task.status.in_(OPEN), Task.deleted_at.is_(None))
    dated = found.where(Task.due_date.is_not(None)).options(joinedload(Task.contact)).order_by(Task.due_date, Task.id)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Cohort//Tasks//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT30M",
        "X-PUBLISHED-TTL:PT30M",
    ]
    for task in db.session.scalars(dated.limit(MOST)):
        lines += _event(task, user, base_url)
    return _folded([*lines, "END:VCALENDAR"])


def _event(task: Task, user: User, base_url: str) -> Iterator[str]:
    about = [f"About {task.contact.name}"] if shows_contact(user, task) else []
    url = f"{base_url}/tasks/{task.id}"
    yield "BEGIN:VEVENT"
    yield f"UID:task-{task.id}@{base_url.partition('://')[2].partition('/')[0]}"
    yield f"DTSTAMP:{_utc(task.updated_at)}"
    yield f"LAST-MODIFIED:{_utc(task.updated_at)}"
    yield from _times(task, user)
    yield f"SUMMARY:{_text(task.title)}"
    yield "DESCRIPTION:" + _text("\n".join([*about, *filter(None, [task.description]), url]))
    yield f"URL:{url}"
    yield f"PRIORITY:{URGENCY.get(task.priority, 5)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _times(task: Task, user: User) -> Iterator[str]:
    """A whole day, or half an hour at its time on the user's clock."""
    assert task.due_date is not None
    if task.due_time is None:
        yield f"DTSTART;VALUE=DATE:{task.due_date:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{task.due_date + timedelta(days=1):%Y%m%d}"
    else:
        start = clock.moment_of(datetime.combine(task.due_date, task.due_time), user.timezone)
        yield f"DTSTART:{_utc(start)}"
        yield f"DTEND:{_utc(start + LAST)}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A value of type TEXT (RFC 5545, 3.3.11)."""
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join("".join(letter for letter in line if letter.isprintable()) for line in value.splitlines())


def _folded(lines: Sequence[str]) -> str:
    """Lines of at most 75 octets (RFC 5545, 3.1), never broken within a letter."""
    return "".join(f"{part}\r\n" for line in lines for part in _parts(line))


def _parts(line: str) -> Iterator[str]:
    part, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > 75:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + width
    yield part


def _tokens() -> Tokens:
    app = current_app
    return Tokens(app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"])
