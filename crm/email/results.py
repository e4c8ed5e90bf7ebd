"""Writing down how handing over a message ended, and what follows from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Activity, Actor, EmailBounced
from crm.contacts.models import Contact
from crm.database import db, table_of
from crm.delivery import ledger
from crm.delivery.operations import suppress
from crm.email.claiming import Outgoing, messages
from crm.email.operations import sent_activity
from crm.providers.mail import Accepted, NotSent, Refused, Result, Unknown

_contacts = table_of(Contact)
_NO_ORM = {"synchronize_session": False}
_ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True)
class Unsendable:
    """The message could not even be written."""

    reason: str


@dataclass(frozen=True)
class Outcome:
    """How one message ended, and when."""

    outgoing: Outgoing
    result: Result | Unsendable
    at: datetime
    provider: str


_MARK = (
    sa.update(messages)
    .where(
        messages.c.id == sa.bindparam("number"),
        messages.c.fence == sa.bindparam("held"),
        messages.c.status == "claimed",
    )
    .values(
        status="sending",
        dot_at=sa.bindparam("now"),
        lease_until=sa.bindparam("until"),
        to_address=sa.bindparam("address"),
        subject=sa.bindparam("line"),
        merge_values=sa.bindparam("filled", type_=messages.c.merge_values.type),
        message_id=sa.bindparam("mail_id"),
    )
)
_TOUCH = (
    sa.update(_contacts).where(_contacts.c.id == sa.bindparam("number")).values(last_email_sent_at=sa.bindparam("at"))
)
"""Made once: SQLAlchemy takes longer to build a statement than the database to run it."""


def mark_sending(outgoing: Outgoing, now: datetime, longest: float) -> bool:
    """Note that the message is about to be written out, for at most `longest` seconds; whether it is still ours to send."""
    values = {
        "number": outgoing.id,
        "held": outgoing.fence,
        "now": now,
        "until": now + timedelta(seconds=longest),
        "address": outgoing.to_address,
        "line": outgoing.subject[:998],
        "filled": outgoing.values,
        "mail_id": outgoing.message_id,
    }
    return db.session.connection().execute(_MARK, values).rowcount == 1


def record(outcome: Outcome) -> None:
    """Write the result, if the message is still ours, with the activity and the facts that go with it."""
    outgoing = outcome.outgoing
    values = {**_values(outcome), "lease_until": None, "provider": outcome.provider}
    mine = sa.and_(
        messages.c.id == outgoing.id,
        messages.c.fence == outgoing.fence,
        messages.c.status.in_(("claimed", "sending", "unknown")),
    )
    done = db.session.execute(sa.update(messages).where(mine).values(**values), execution_options=_NO_ORM)
    if done.rowcount == 1:
        _follow_up(outcome, values)


def _values(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    if isinstance(result, Accepted):
        return {
            "status": "sent",
            "sent_at": outcome.at,
            "code": result.code,
            "reply": result.reply[:500],
            "reason": None,
        }
    if isinstance(result, Unknown):
        return {"status": "unknown", "reason": result.reason[:255]}
    if isinstance(result, Unsendable):
        return {"status": "failed", "reason": result.reason[:255]}
    if isinstance(result, NotSent):
        return _put_off(outcome, result.reason)
    answer = {"code": result.code, "reply": result.reply[:500]}
    if not result.permanent:
        return {**answer, **_put_off(outcome, f"{result.code} {result.reply}")}
    if is_dead_address(result):
        answer.update(bounced_at=outcome.at, bounce_type="hard")
    return {**answer, "status": "failed", "reason": f"{result.code} {result.reply}"[:255]}


def _put_off(outcome: Outcome, reason: str) -> dict[str, Any]:
    """Try again later, longer each time; after three days give up."""
    row = outcome.outgoing.row
    if outcome.at - (row.resent_at or row.created_at) > ledger.DEADLINE:
        return {"status": "failed", "reason": f"Given up after three days. {reason}"[:255]}
    due_at = outcome.at + ledger.backoff(row.attempts)
    return {"status": "pending", "due_at": due_at, "dot_at": None, "reason": f"Put off: {reason}"[:255]}


def is_dead_address(result: Refused) -> bool:
    """Whether a refusal means that nobody is there: not a full mailbox (5.2.2) and not a policy (5.7.x), RFC 3463."""
    if result.phase != "rcpt" or not result.permanent or result.code == 552:
        return False
    status = _ENHANCED.search(result.reply)
    if status is None:
        return "SMTPUTF8" not in result.reply
    return status.groups() not in {("2", "2")} and status.group(1) not in {"7", "3", "4"}


def _follow_up(outcome: Outcome, values: dict[str, Any]) -> None:
    row, result = outcome.outgoing.row, outcome.result
    facts: list[Activity] = []
    if values["status"] == "sent" and row.contact_id:
        facts.append(sent_activity(row, outcome.outgoing.subject))
        db.session.connection().execute(_TOUCH, {"number": row.contact_id, "at": outcome.at})
    if values.get("bounce_type") == "hard" and isinstance(result, Refused):
        suppress(outcome.outgoing.to_address, values["reason"])
        facts += _bounced(outcome, values["reason"]) if row.contact_id else []
    emit_all(facts, at=outcome.at)


def _bounced(outcome: Outcome, reason: str) -> list[Activity]:
    row = outcome.outgoing.row
    return [
        EmailBounced(
            contact_id=row.contact_id,
            subject_id=row.id,
            subject=outcome.outgoing.subject,
            purpose=row.purpose,
            template_id=row.template_id,
            reason=reason,
            by=Actor(name=row.actor, depth=row.depth),
        )
    ]
