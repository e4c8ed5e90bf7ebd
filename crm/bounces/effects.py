"""What follows from reports: the state of their messages, suppressed addresses, and what the timeline tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_dated
from crm.activity.vocabulary import Activity, Actor, EmailBounced, EmailComplained
from crm.bounces.models import MailReport
from crm.bounces.states import NEVER_LEFT, SETTLED, furthest, standing
from crm.bounces.strikes import settle_strikes
from crm.contacts.models import Contact
from crm.database import db, table_of
from crm.delivery.operations import Suppress, suppress_all
from crm.email.models import EmailMessage
from crm.email.operations import sent_activity
from crm.lib.mail_names import as_written
from crm.preferences.leaving import Leaving, unsubscribe_all
from crm.providers.mail_reports import BLOCKED, COMPLAINT, CONFIRM, DELIVERED, HARD, SOFT, UNSUBSCRIBED

LOST = timedelta(days=2)
"""How long a report waits for its message to have been sent."""
reports, messages, contacts = table_of(MailReport), table_of(EmailMessage), table_of(Contact)
_COLUMNS = ("id", "status", "to_address", "contact_id", "purpose", "template_id", "subject", "actor", "depth", "sent_at",
            "dot_at", "bounce_type", "complained_at")  # fmt: skip
_QUIET = {"synchronize_session": False}


@dataclass
class Told:
    """One message and the new reports about it, oldest first."""

    message: sa.Row[Any]
    reports: list[sa.Row[Any]]

    @property
    def kinds(self) -> list[str]:
        return [each.kind for each in self.reports]

    @property
    def before(self) -> str:
        return standing(self.message.status, self.message.bounce_type)

    @property
    def after(self) -> str:
        return furthest(self.before, self.kinds)

    def first(self, *kinds: str) -> sa.Row[Any] | None:
        """The first report of one of these kinds."""
        return next((each for each in self.reports if each.kind in kinds), None)


def apply(ids: Sequence[int], now: datetime) -> int:
    """Carry out these reports, if they were not yet; how many. Those whose message is just being sent wait."""
    told = _gathered(ids, now)
    if told:
        _settle(told)
        _suppress(told, now)
        emit_dated(_facts(told, now))
        done = [each.id for one in told for each in one.reports]
        _done(done, now)
        return len(done)
    return 0


def apply_waiting(now: datetime, limit: int = 1000) -> int:
    """Carry out reports that had to wait for their message, and let go of those that wait in vain."""
    waiting = sa.select(reports.c.id).where(reports.c.applied_at.is_(None), reports.c.kind != CONFIRM)
    ids = db.session.scalars(waiting.order_by(reports.c.id).limit(limit)).all()
    done = apply(ids, now)
    lost = reports.c.applied_at.is_(None), reports.c.kind != CONFIRM, reports.c.received_at < now - LOST
    db.session.execute(sa.update(reports).where(*lost).values(applied_at=now), execution_options=_QUIET)
    return done


def _gathered(ids: Sequence[int], now: datetime) -> list[Told]:
    found: dict[int, list[sa.Row[Any]]] = defaultdict(list)
    rows: list[sa.Row[Any]] = []
    for start in range(0, len(ids), 500):
        mine = reports.c.id.in_(ids[start : start + 500]), reports.c.applied_at.is_(None), reports.c.kind != CONFIRM
        rows += db.session.execute(sa.select(reports).where(*mine))
    for row in sorted(rows, key=lambda each: (each.happened_at, each.id)):
        if row.email_message_id is not None:
            found[row.email_message_id].append(row)
    about = _messages(list(found))
    never_left = {number for number in found if number not in about or about[number].status in NEVER_LEFT}
    _done([each.id for number in never_left for each in found[number]], now)
    return [
        Told(about[number], rows)
        for number, rows in found.items()
        if number in about and about[number].status in SETTLED
    ]


def _messages(ids: Sequence[int]) -> dict[int, sa.Row[Any]]:
    """These messages as they are; what may be changed is held, so that reports that come in side by side do not overlook each other."""
    found: dict[int, sa.Row[Any]] = {}
    columns = [messages.c[name] for name in _COLUMNS]
    for start in range(0, len(ids), 500):
        some = sa.select(*columns).where(messages.c.id.in_(ids[start : start + 500]))
        settled = some.where(messages.c.status.in_(SETTLED)).order_by(messages.c.id)
        for statement in (some, settled.with_for_update()):
            found |= {row.id: row for row in db.session.execute(statement)}
    return found


def _done(ids: Sequence[int], now: datetime) -> None:
    for start in range(0, len(ids), 500):
        some = sa.update(reports).where(reports.c.id.in_(ids[start : start + 500]))
        db.session.execute(some.values(applied_at=now), execution_options=_QUIET)


_CHANGE = (
    sa.update(messages)
    .where(messages.c.id == sa.bindparam("number"), sa.or_(*(messages.c.status == each for each in SETTLED)))
    .values(
        status=sa.bindparam("to_status"), reason=sa.bindparam("why"), bounced_at=sa.bindparam("bounced"),
        bounce_type=sa.bindparam("type_now"), sent_at=sa.func.coalesce(messages.c.sent_at, sa.bindparam("left_at", type_=messages.c.sent_at.type)),
        lease_until=None,
    )
)  # fmt: skip
_COMPLAIN = (
    sa.update(messages)
    .where(messages.c.id == sa.bindparam("number"), messages.c.complained_at.is_(None))
    .values(complained_at=sa.bindparam("at"))
)
_TOUCH = (
    sa.update(contacts)
    .where(contacts.c.id == sa.bindparam("number"))
    .values(last_email_sent_at=sa.bindparam("left_at"))
)


def _settle(told: Sequence[Told]) -> None:
    """Write where the messages stand now."""
    changes = [_change(each) for each in told if each.after != each.before]
    complaints = [
        {"number": each.message.id, "at": found.happened_at} for each in told if (found := each.first(COMPLAINT))
    ]
    arrived = [{"number": each.message.contact_id, "left_at": _left_at(each)} for each in told if _is_news(each)]
    connection = db.session.connection()
    for statement, values in ((_CHANGE, changes), (_COMPLAIN, complaints), (_TOUCH, arrived)):
        if values:
            connection.execute(statement, values)


def _change(told: Told) -> dict[str, Any]:
    bounce = told.first(told.after) if told.after in (HARD, SOFT, BLOCKED) else None
    why = (f"Bounced: {bounce.reason}" if bounce.reason else "Bounced.")[:255] if bounce else None
    return {
        "number": told.message.id,
        "to_status": "failed" if bounce else "delivered",
        "why": why,
        "bounced": bounce.happened_at if bounce else None,
        "type_now": told.after if bounce else None,
        "left_at": _left_at(told),
    }


def _left_at(told: Told) -> datetime:
    return told.message.sent_at or told.message.dot_at or told.reports[0].happened_at


def _is_news(told: Told) -> bool:
    """Whether the report tells that a message left at all, of which that was not known."""
    return told.message.status == "unknown" and told.message.contact_id is not None and bool(told.after)


def _suppress(told: Sequence[Told], now: datetime) -> None:
    """Dead addresses and complaints at once; bounces for now when there are three. A complaint is an opt-out too."""
    wanted, leaving, left = [], [], []
    for each in told:
        address = as_written(each.message.to_address or "")
        found = each.first(COMPLAINT) or each.first(HARD)
        if address and found is not None:
            why = found.reason or ("Reported as spam." if found.kind == COMPLAINT else "No such address.")
            wanted.append(Suppress(address, why, found.kind, found.source, each.message.id))
        if address and each.first(COMPLAINT) and each.message.contact_id:
            leaving.append(Leaving(each.message.contact_id, address, each.message.id))
        elif address and each.first(UNSUBSCRIBED) and each.message.contact_id:
            left.append(Leaving(each.message.contact_id, address, each.message.id))
    suppress_all(wanted)
    unsubscribe_all(leaving, reason="complaint", by=Actor(name="the contact"))
    unsubscribe_all(left, reason="", by=Actor(name="the contact"), how="mail_program")
    settle_strikes(
        {as_written(each.message.to_address or "") for each in told if {SOFT, DELIVERED} & set(each.kinds)}, now
    )


def _facts(told: Sequence[Told], now: datetime) -> Iterable[tuple[Activity, datetime]]:
    for each in told:
        if _is_news(each):
            yield sent_activity(each.message, each.message.subject or ""), min(_left_at(each), now)
        if each.message.contact_id is not None:
            yield from ((fact, min(at, now)) for fact, at in _own_facts(each))


def _own_facts(told: Told) -> Iterable[tuple[Activity, datetime]]:
    message = told.message
    common = {
        "contact_id": message.contact_id, "subject_id": message.id, "subject": message.subject or "",
        "purpose": message.purpose, "template_id": message.template_id,
    }  # fmt: skip
    bounce = told.first(told.after) if told.after in (HARD, SOFT, BLOCKED) and told.after != told.before else None
    if bounce is not None:
        by = Actor(name=message.actor, depth=message.depth)
        yield EmailBounced(**common, reason=bounce.reason[:500], bounce_type=bounce.kind, by=by), bounce.happened_at
    complaint = told.first(COMPLAINT)
    if complaint is not None and message.complained_at is None:
        yield EmailComplained(**common, by=Actor(name="the contact", depth=message.depth)), complaint.happened_at
