"""Taking reports in: each once, matched to the message it is about, and carried out in the same transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from crm.bounces.effects import apply
from crm.bounces.models import MailReport
from crm.database import after_commit, db, insert_new, table_of
from crm.email.models import EmailMessage
from crm.email.reporting import message_of
from crm.lib.mail_names import as_written
from crm.providers.mail_reports import CONFIRM, MailEvent, Untrusted
from crm.queue import nudge

KEPT = timedelta(days=400)
"""How long reports are kept: longer than any carrier repeats itself."""
reports = table_of(MailReport)


def take_in(source: str, events: Sequence[MailEvent], now: datetime) -> int:
    """Keep those of the events that are new, and do what follows from them; how many were new."""
    named = messages_named(events)
    about = {each: named.get(each.message_id) or message_of(each.token) for each in events}
    written_to = _addresses([each for each in about.values() if each])
    rows: dict[object, dict[str, object]] = {}
    for each, number in about.items():
        to, named_one = as_written(written_to.get(number or 0, "")), as_written(each.address)
        is_other = each.is_one_of_many and named_one != to
        row = _row(source, each, number if number in written_to and not is_other else None, now)
        row["address"] = (named_one if is_other else to or named_one)[:255]
        rows.setdefault(row["event_id"], row)
    new = insert_new(reports, list(rows.values()), returning=reports.c.id)
    apply(new, now)
    if any(each.kind == CONFIRM for each in events):
        after_commit(nudge, "confirm_subscriptions")
    return len(new)


def spend(source: str, once: str, body: bytes, now: datetime) -> None:
    """Use up what a signature covers. The same report may come again; another one with it is refused as Untrusted."""
    digest = hashlib.sha256(body).hexdigest()
    event_id = _short(f"once:{once}")
    row = {"source": source, "event_id": event_id, "kind": "once", "address": "", "reason": "", "digest": digest}
    if insert_new(reports, [{**row, "happened_at": now, "received_at": now, "applied_at": now}]):
        return
    known = sa.select(MailReport.digest).where(MailReport.source == source, MailReport.event_id == event_id)
    if db.session.scalar(known) != digest:
        raise Untrusted("The token was used before.")


def messages_named(events: Sequence[MailEvent]) -> Mapping[str, int]:
    """The ids of the messages with the Message-IDs of these events, with or without their angle brackets."""
    wanted = {each.message_id for each in events if 2 < len(each.message_id) < 250 and "@" in each.message_id}
    spelt = {f"<{each.strip('<> ')}>": each for each in wanted}
    found: dict[str, int] = {}
    names = list(spelt)
    for start in range(0, len(names), 500):
        some = sa.select(EmailMessage.message_id, EmailMessage.id).where(
            EmailMessage.message_id.in_(names[start : start + 500])
        )
        found |= {spelt[name]: number for name, number in db.session.execute(some) if name}
    return found


def _addresses(ids: Sequence[int]) -> dict[int, str]:
    """Where these messages went; whoever a bounce names, it is the address we wrote to that is dead."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), 500):
        some = sa.select(EmailMessage.id, EmailMessage.to_address).where(EmailMessage.id.in_(ids[start : start + 500]))
        found |= {number: address or "" for number, address in db.session.execute(some)}
    return found


def forget_reports(now: datetime) -> int:
    """Remove reports nobody repeats any more, some at a time; how many."""
    old = sa.select(reports.c.id).where(reports.c.received_at < now - KEPT).limit(5000)
    return db.session.execute(sa.delete(reports).where(reports.c.id.in_(old))).rowcount


def _row(source: str, event: MailEvent, message_id: int | None, now: datetime) -> dict[str, object]:
    is_done = message_id is None and event.kind != CONFIRM
    return {
        "source": source,
        "event_id": _short(event.event_id),
        "kind": event.kind,
        "email_message_id": message_id,
        "reason": " ".join(event.reason.split())[:2000],
        "digest": None,
        "happened_at": event.at,
        "received_at": now,
        "applied_at": now if is_done else None,
    }


def _short(text: str) -> str:
    return text if len(text) <= 200 else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
