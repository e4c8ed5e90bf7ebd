"""Writing down how handing over a message ended, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.activity.operations import append_rows, emit_all, emit_dated, row_of
from crm.activity.vocabulary import Activity, Actor, EmailBounced
from crm.database import UTCDateTime, db
from crm.delivery import ledger
from crm.delivery.operations import suppress
from crm.email import domains, second_asking
from crm.email.claiming import Outgoing, messages
from crm.email.operations import sent_activity
from crm.lib.bulk import execute_alike
from crm.providers.mail import Accepted, NotSent, Refused, Result, Unknown
from crm.providers.mail_reports import HARD, kind_of

_contacts = sa.table("contacts", sa.column("id"), sa.column("last_email_sent_at", UTCDateTime))
"""Of a contact only this: that an email went out is no change of theirs, so `updated_at` stays."""
_NO_ORM = {"synchronize_session": False}
_NEVER_LATER = sa.case((messages.c.status == "pending", "cancelled"), else_=messages.c.status)
_OF_A_MAILBOX = re.compile(r"\b4\.2\.\d{1,3}\b")
_ABOUT_US = {500, 501, 502, 503, 504, 530, 534, 535, 538, 552, 555}
"""Replies to RCPT that say nothing of who is there: commands, sign-in, room (RFC 5321, RFC 4954)."""


@dataclass(frozen=True)
class Unsendable:
    """The message could not even be written."""

    reason: str


class Outcome(NamedTuple):
    """How one message ended, and when."""

    outgoing: Outgoing
    result: Result | Unsendable
    at: datetime
    provider: str


_MINE = sa.and_(messages.c.id == sa.bindparam("number"), messages.c.fence == sa.bindparam("held"))
_MARK = (
    sa.update(messages)
    .where(_MINE, messages.c.status == "claimed")
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
_SENT = (
    sa.update(messages)
    .where(_MINE, sa.or_(*(messages.c.status == each for each in ("claimed", "sending", "unknown"))))
    .values(
        status="sent", reason=None, lease_until=None, sent_at=sa.bindparam("at"), code=sa.bindparam("answer"),
        reply=sa.bindparam("words"), provider=sa.bindparam("carrier"),
    )
)  # fmt: skip
_TOUCH = (
    sa.update(_contacts).where(_contacts.c.id == sa.bindparam("number")).values(last_email_sent_at=sa.bindparam("at"))
)
"""Made once: SQLAlchemy takes longer to build a statement than the database to run it."""


def mark_sending(chosen: Sequence[Outgoing], now: datetime, longest: float) -> set[str]:
    """Note that these messages are about to be written out, for at most `longest` seconds; the Message-IDs of those still ours to send.

    Whoever refused since the claim gets nothing. Not their ids: a message whose lease ran out may be in our hands a second time, and only the newer claim counts.
    """
    chosen = second_asking.still_wanted(chosen)
    shared = {"now": now, "until": now + timedelta(seconds=longest)}
    columns = {
        "address": [each.to_address for each in chosen],
        "line": [each.subject[:998] for each in chosen],
        "filled": [each.values for each in chosen],
        "mail_id": [each.message_id for each in chosen],
    }
    return _done(_MARK, shared, columns, chosen, "sending")


def record(outcomes: Sequence[Outcome]) -> dict[str, datetime]:
    """Write the results of messages that are still ours, with the activities and the facts that go with them.

    Returns the domains that are left alone from now on, each until when.
    """
    sent = [each for each in outcomes if isinstance(each.result, Accepted)]
    if sent:
        _record_sent(sent)
    closed: dict[str, datetime] = {}
    for outcome in outcomes:
        if not isinstance(outcome.result, Accepted):
            closed.update(_record_other(outcome))
    return closed


def _record_sent(outcomes: Sequence[Outcome]) -> None:
    accepted = [each.result for each in outcomes if isinstance(each.result, Accepted)]
    columns = {
        "at": [each.at for each in outcomes],
        "answer": [each.code for each in accepted],
        "words": [each.reply[:500] for each in accepted],
        "carrier": [each.provider for each in outcomes],
    }
    if news := {domains.domain_of(each.outgoing.to_address) for each in outcomes if each.outgoing.was_refusing}:
        domains.note_accepted(news)
    done = _done(_SENT, {}, columns, [each.outgoing for each in outcomes], "sent")
    told = [each for each in outcomes if each.outgoing.message_id in done and each.outgoing.row.contact_id]
    touched = {"at": [each.at for each in told], "number": [each.outgoing.row.contact_id for each in told]}
    if execute_alike(db.session.connection(), _TOUCH, {}, touched) == len(told):
        append_rows(_sent_rows(told))
    else:
        _tell_those_there(told)


def _sent_rows(told: Sequence[Outcome]) -> list[dict[str, Any]]:
    """The facts that these were sent. What is said of messages that are alike is put into words once."""
    said: dict[tuple[Any, ...], dict[str, Any]] = {}
    rows = []
    for each in told:
        row, subject = each.outgoing.row, each.outgoing.subject
        alike = subject, row.purpose, row.template_id, row.actor, row.depth
        if alike not in said:
            said[alike] = row_of(sent_activity(row, subject), each.at)
        rows.append({**said[alike], "contact_id": row.contact_id, "subject_id": row.id, "created_at": each.at})
    return rows


def _tell_those_there(outcomes: Sequence[Outcome]) -> None:
    """Somebody was merged or erased while their message was with the carrier: it is told of whom it belongs to now."""
    readers = _readers([each.outgoing.id for each in outcomes])
    emit_dated(
        (replace(sent_activity(each.outgoing.row, each.outgoing.subject), contact_id=reader), each.at)
        for each in outcomes
        if (reader := readers.get(each.outgoing.id))
    )
    erased = [each.outgoing.id for each in outcomes if readers.get(each.outgoing.id) is None]
    db.session.execute(
        sa.update(messages).where(messages.c.id.in_(erased)).values(reply=None), execution_options=_NO_ORM
    )


def _readers(ids: Sequence[int]) -> dict[int, int | None]:
    """The contact whom each of these messages belongs to now; none for one who was erased."""
    found = sa.select(messages.c.id, messages.c.contact_id).where(messages.c.id.in_(ids))
    return {row.id: row.contact_id for row in db.session.execute(found)}


def _done(
    statement: sa.Update,
    shared: Mapping[str, Any],
    columns: dict[str, list[Any]],
    chosen: Sequence[Outgoing],
    status: str,
) -> set[str]:
    """Execute for all; the Message-IDs of those it changed. Only when somebody else had taken one are they looked for."""
    held = {"number": [each.id for each in chosen], "held": [each.fence for each in chosen]}
    if execute_alike(db.session.connection(), statement, shared, {**columns, **held}) == len(chosen):
        return {each.message_id for each in chosen}
    found = sa.select(messages.c.id, messages.c.message_id).where(
        messages.c.id.in_([each.id for each in chosen]), messages.c.status == status
    )
    now_there = {tuple(row) for row in db.session.execute(found)}
    return {each.message_id for each in chosen if (each.id, each.message_id) in now_there}


def _record_other(outcome: Outcome) -> dict[str, datetime]:
    outgoing = outcome.outgoing
    values = {**_values(outcome), "lease_until": None, "provider": outcome.provider}
    mine = sa.and_(
        messages.c.id == outgoing.id,
        messages.c.fence == outgoing.fence,
        messages.c.status.in_(("claimed", "sending", "unknown")),
    )
    done = db.session.execute(sa.update(messages).where(mine).values(**values), execution_options=_NO_ORM)
    if done.rowcount != 1:
        return {}
    _follow_up(outcome, values)
    return _refused_for_now(outcome)


def _refused_for_now(outcome: Outcome) -> dict[str, datetime]:
    """A refusal for the time being counts against the domain, unless it is about one mailbox (4.2.x)."""
    result, domain = outcome.result, domains.domain_of(outcome.outgoing.to_address)
    if not isinstance(result, Refused) or result.permanent or _OF_A_MAILBOX.search(result.reply):
        return {}
    until = domains.note_refused(domain, f"{result.code} {result.reply}", outcome.at)
    return {domain: until} if until else {}


def _values(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    assert not isinstance(result, Accepted)
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
    since = max(filter(None, (row.failing_since, row.resent_at)), default=outcome.at)
    if outcome.at - since > ledger.DEADLINE:
        return {"status": "failed", "reason": f"Given up after three days. {reason}"[:255]}
    due_at = outcome.at + ledger.backoff(row.attempts)
    return {
        "status": "pending",
        "due_at": due_at,
        "dot_at": None,
        "reason": f"Put off: {reason}"[:255],
        "failing_since": since,
    }


def is_dead_address(result: Refused) -> bool:
    """Whether a refusal means that nobody is there: not a full mailbox, and nothing that is about us, by its code or its words."""
    if result.phase != "rcpt" or not result.permanent or result.code in _ABOUT_US:
        return False
    return kind_of(result.reply) == HARD and "SMTPUTF8" not in result.reply


def _follow_up(outcome: Outcome, values: dict[str, Any]) -> None:
    """A dead address is written to no more, and the contact's timeline says so; of one who was erased meanwhile nothing is kept."""
    row, result = outcome.outgoing.row, outcome.result
    reader = row.contact_id and _readers([row.id]).get(row.id)
    if row.contact_id and reader is None:
        quiet = {"reason": None, "reply": None, "status": _NEVER_LATER}
        db.session.execute(sa.update(messages).where(messages.c.id == row.id).values(quiet), execution_options=_NO_ORM)
    elif values.get("bounce_type") == "hard" and isinstance(result, Refused):
        suppress(outcome.outgoing.to_address, values["reason"], source="smtp", email_message_id=row.id)
        emit_all([_bounced(outcome, values["reason"], reader)] if reader else [], at=outcome.at)


def _bounced(outcome: Outcome, reason: str, reader: int) -> Activity:
    row = outcome.outgoing.row
    return EmailBounced(
        contact_id=reader,
        subject_id=row.id,
        subject=outcome.outgoing.subject,
        purpose=row.purpose,
        template_id=row.template_id,
        reason=reason,
        by=Actor(name=row.actor, depth=row.depth),
    )
