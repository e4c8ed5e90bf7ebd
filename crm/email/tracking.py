"""What comes back from messages, written down many at once: opens and clicks. Those of programs are kept and marked, and cause nothing.

It works on a bare connection, in one transaction for all hits of a moment: no session, no request, a handful of statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.operations import row_of
from crm.activity.vocabulary import Activity, Actor, EmailClicked, EmailOpened
from crm.contacts.models import Contact
from crm.database import table_of
from crm.email.arrivals import settle_unknown
from crm.email.destinations import Destinations
from crm.email.devices import device_of
from crm.email.machines import PERSON, WAITING, Verdict, by_name, by_time, is_from_elsewhere
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen
from crm.lib.bulk import execute_many

AGAIN = timedelta(seconds=60)
"""A second click on the same link within this time is the first one's echo."""
READER = "the contact"


@dataclass(frozen=True, slots=True)
class Hit:
    """A request for a message's picture, or for one of its links."""

    message_id: int
    position: int | None
    """Of the link; None for the picture."""
    at: datetime
    user_agent: str = ""
    ip_address: str = ""
    method: str = "GET"


@dataclass
class Recorded:
    """What was written: where each hit leads, whether facts were told, and whether clicks wait to be judged."""

    urls: list[str | None]
    has_news: bool = False
    has_waiting: bool = False


def record(connection: sa.Connection, hits: Sequence[Hit], destinations: Destinations) -> Recorded:
    """Note these hits. Only a person's first open, and each click of a person, is an activity."""
    rows = messages_of(connection, {hit.message_id for hit in hits})
    urls = destinations.of(connection, hits, rows)
    page = Page(connection, rows, _latest_clicks(connection, hits, rows))
    for hit, url in zip(hits, urls, strict=True):
        row = rows.get(hit.message_id)
        if row is not None and (hit.position is None or url is not None):
            page.note(hit, row, url)
    page.write()
    return Recorded(urls, bool(page.activities), page.has_waiting)


_messages, _contacts = table_of(EmailMessage), table_of(Contact)
_opens, _clicks, _activities = table_of(EmailOpen), table_of(EmailLinkClick), table_of(ContactActivity)
_ADD_OPENS, _ADD_CLICKS, _TELL = sa.insert(_opens), sa.insert(_clicks), sa.insert(_activities)
_FACTS = (
    "id", "contact_id", "content_id", "merge_values", "purpose", "template_id", "subject", "depth", "actor", "status", "provider",
    "sent_at", "dot_at", "opened_at", "clicked_at",
)  # fmt: skip
_EARLIER = sa.select(_clicks.c.email_message_id, _clicks.c.url, _clicks.c.clicked_at).where(
    _clicks.c.email_message_id.in_(sa.bindparam("ids", expanding=True)),
    _clicks.c.clicked_at > sa.bindparam("since"),
    _clicks.c.visitor.in_(sa.bindparam("visitors", expanding=True)),
)
_COUNT = (
    sa.update(_messages)
    .where(_messages.c.id == sa.bindparam("number"))
    .values(
        opened_count=_messages.c.opened_count + sa.bindparam("opened"),
        opened_at=sa.func.coalesce(_messages.c.opened_at, sa.bindparam("opened_first", type_=_messages.c.opened_at.type)),
        machine_opened_count=_messages.c.machine_opened_count + sa.bindparam("machine_opened"),
        clicked_count=_messages.c.clicked_count + sa.bindparam("clicked"),
        clicked_at=sa.func.coalesce(_messages.c.clicked_at, sa.bindparam("clicked_first", type_=_messages.c.clicked_at.type)),
        machine_clicked_count=_messages.c.machine_clicked_count + sa.bindparam("machine_clicked"),
        machine_reason=sa.func.coalesce(sa.bindparam("why", type_=_messages.c.machine_reason.type), _messages.c.machine_reason),
    )
)  # fmt: skip
_TOUCH = (
    sa.update(_contacts)
    .where(_contacts.c.id == sa.bindparam("number"))
    .values(
        last_email_opened_at=sa.func.coalesce(
            sa.bindparam("opened_last", type_=_contacts.c.last_email_opened_at.type), _contacts.c.last_email_opened_at
        ),
        last_email_clicked_at=sa.func.coalesce(
            sa.bindparam("clicked_last", type_=_contacts.c.last_email_clicked_at.type),
            _contacts.c.last_email_clicked_at,
        ),
        updated_at=_contacts.c.updated_at,
    )
)
"""A contact whose mail is opened has not been changed."""


@lru_cache(maxsize=16)
def _find(size: int) -> sa.Select[Any]:
    """The question for so many messages: made once, as SQLAlchemy takes longer to spread a list than the database to answer."""
    numbers = [sa.bindparam(f"id{at}", type_=_messages.c.id.type) for at in range(size)]
    return sa.select(*(_messages.c[name] for name in _FACTS)).where(_messages.c.id.in_(numbers))


def messages_of(connection: sa.Connection, ids: set[int]) -> dict[int, sa.Row[Any]]:
    """What has to be known of these messages, by id."""
    size = 1 << max(len(ids) - 1, 0).bit_length()
    padded = [*ids, *[0] * (size - len(ids))]
    asked = {f"id{at}": number for at, number in enumerate(padded)}
    return {row.id: row for row in connection.execute(_find(size), asked)}


def _latest_clicks(
    connection: sa.Connection, hits: Sequence[Hit], rows: Mapping[int, Any]
) -> dict[tuple[int, str], datetime]:
    """Of the messages that were clicked before; most clicks are the first on theirs, and need no question."""
    clicks = [hit for hit in hits if hit.position is not None and hit.message_id in rows]
    again = {hit.message_id for hit in clicks if rows[hit.message_id].clicked_at is not None}
    if not again:
        return {}
    return earlier_clicks(connection, again, min(hit.at for hit in clicks), (PERSON, WAITING))


def earlier_clicks(
    connection: sa.Connection, ids: set[int], first: datetime, visitors: Sequence[str]
) -> dict[tuple[int, str], datetime]:
    """When each link of these messages was last followed by such visitors, if that was just before the first of the new clicks."""
    asked = {"ids": list(ids), "since": first - AGAIN, "visitors": list(visitors)}
    latest: dict[tuple[int, str], datetime] = {}
    for number, url, at in connection.execute(_EARLIER, asked):
        latest[number, url] = max(at, latest.get((number, url), at))
    return latest


@dataclass
class Page:
    """What there is to write, gathered hit by hit. `latest` is when each link was last followed."""

    connection: sa.Connection
    rows: dict[int, sa.Row[Any]]
    latest: dict[tuple[int, str], datetime]
    opens: list[dict[str, Any]] = field(default_factory=list)
    clicks: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[int, dict[str, Any]] = field(default_factory=dict)
    touched: dict[int, dict[str, Any]] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)
    has_waiting: bool = False

    def count_of(self, row: sa.Row[Any]) -> dict[str, Any]:
        """What is to be added to the counts of a message."""
        return self.counts.setdefault(row.id, _no_counts(row))

    def note(self, hit: Hit, row: sa.Row[Any], url: str | None) -> None:
        """A hit on a message; `url` is where it leads, None for the picture."""
        verdict = judged(hit, row)
        count = self.count_of(row)
        if url is None:
            self.opens.append({**_seen(hit, row, verdict), "opened_at": hit.at})
            self._count_open(hit, row, verdict, count)
        else:
            self.clicks.append({**_seen(hit, row, verdict), "url": url, "position": hit.position, "clicked_at": hit.at})
            self._count_click(hit, row, verdict, count, url)

    def _count_open(self, hit: Hit, row: sa.Row[Any], verdict: Verdict, count: dict[str, Any]) -> None:
        if verdict.visitor == PERSON:
            self.open(row, hit.at, count)
        else:
            count["machine_opened"] += 1
            count["why"] = verdict.reason

    def _count_click(self, hit: Hit, row: sa.Row[Any], verdict: Verdict, count: dict[str, Any], url: str) -> None:
        if verdict.visitor == WAITING:
            self.has_waiting = True
        elif verdict.visitor == PERSON:
            self.click(row, hit.at, count, url)
        else:
            count["machine_clicked"] += 1
            count["why"] = verdict.reason

    def open(self, row: sa.Row[Any], at: datetime, count: dict[str, Any]) -> None:
        """A person opened the message."""
        is_first = row.opened_at is None and count["opened_first"] is None
        count["opened"] += 1
        count["opened_first"] = count["opened_first"] or at
        self._touch(row, opened_last=at)
        if is_first:
            self._tell(row, at, EmailOpened)

    def click(self, row: sa.Row[Any], at: datetime, count: dict[str, Any], url: str) -> None:
        """A person followed a link, and so has opened the message; an echo of the last click is nothing."""
        before = self.latest.get((row.id, url))
        self.latest[row.id, url] = at
        if before is not None and at - before < AGAIN:
            return
        if row.opened_at is None and count["opened_first"] is None:
            self.open(row, at, count)
        count["clicked"] += 1
        count["clicked_first"] = count["clicked_first"] or at
        self._touch(row, clicked_last=at)
        self._tell(row, at, EmailClicked, url=url)

    def _touch(self, row: sa.Row[Any], **facts: datetime) -> None:
        if row.contact_id is not None:
            nothing = {"number": row.contact_id, "opened_last": None, "clicked_last": None}
            self.touched.setdefault(row.contact_id, nothing).update(facts)

    def _tell(self, row: sa.Row[Any], at: datetime, kind: type[Activity], **more: str) -> None:
        if row.contact_id is not None:
            about = {"subject": row.subject or "", "purpose": row.purpose, "template_id": row.template_id}
            by = Actor(name=READER, depth=row.depth)
            told = kind(contact_id=row.contact_id, subject_id=row.id, by=by, **about, **more)  # type: ignore[call-arg]
            self.activities.append(row_of(told, at))

    def write(self) -> None:
        """Write all of it."""
        settle_unknown(self.connection, [self.rows[number] for number in self.counts])
        for statement, rows in (
            (_ADD_OPENS, self.opens), (_ADD_CLICKS, self.clicks), (_COUNT, list(self.counts.values())),
            (_TOUCH, list(self.touched.values())), (_TELL, self.activities),
        ):  # fmt: skip
            execute_many(self.connection, statement, rows)


def judged(hit: Hit, row: Any) -> Verdict:
    """Who it was, by what they call themselves and by the time."""
    verdict = by_name(hit.user_agent, hit.method)
    if row.provider == "outbox" or not is_from_elsewhere(hit.ip_address):
        return verdict
    return by_time(verdict, row.sent_at, hit.at, is_click=hit.position is not None)


def _no_counts(row: sa.Row[Any]) -> dict[str, Any]:
    numbers = {"opened": 0, "machine_opened": 0, "clicked": 0, "machine_clicked": 0}
    return {"number": row.id, **numbers, "opened_first": None, "clicked_first": None, "why": None}


def _seen(hit: Hit, row: sa.Row[Any], verdict: Verdict) -> dict[str, Any]:
    device = device_of(hit.user_agent)
    return {
        "email_message_id": row.id,
        "contact_id": row.contact_id,
        "user_agent": hit.user_agent[:255] or None,
        "ip_address": hit.ip_address[:45] or None,
        "device": device.kind,
        "client": device.client or None,
        "system": device.system or None,
        "visitor": verdict.visitor,
        "machine_reason": verdict.reason,
    }
