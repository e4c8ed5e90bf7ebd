"""Taking messages that are due, with everything needed to send them; consent is checked in the claiming transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.database import db, table_of
from crm.email import domains, headers, limits, second_asking
from crm.email.account_mails import urls_of
from crm.email.compose import Composed, composed
from crm.email.domains import domain_of
from crm.email.models import EmailContent, EmailMessage
from crm.email.second_asking import Tide
from crm.email.turns import Taken, Turns
from crm.email.values import kept, values_of
from crm.lib.merge_tags import MergeError
from crm.preferences import consent
from crm.preferences.consent import Asked, Hold, Reader, Skip, Verdict
from crm.preferences.kinds import SYSTEM, kind_of

messages = table_of(EmailMessage)


@dataclass(slots=True)
class Outgoing:
    """A message in our hands: its row, whom it goes to, what is put in."""

    row: Taken
    content: Composed
    to_address: str
    to_name: str
    values: dict[str, Any]
    subject: str = ""
    message_id: str = ""
    account_url: str = ""
    """The link of an invitation or a reset, known while the message is in our hands."""
    was_refusing: bool = False
    """Whether its domain refused mail lately, so that taking some is news."""
    tide: Tide | None = None
    """How far refusals had come when consent was asked."""
    taken_at: datetime = field(init=False)
    id: int = field(init=False)
    fence: int = field(init=False)

    def __post_init__(self) -> None:
        self.id, self.fence = self.row.id, self.row.fence


def claim_batch(now: datetime, limit: int, turns: Turns) -> tuple[int, list[Outgoing]]:
    """Take up to `limit` due messages: how many were taken, and those to send. The others are settled here, each with the reason."""
    rows = turns.claim(now, limit)
    if not rows:
        return 0, []
    contents = _contents(rows)
    names = frozenset().union(*(each.names for each in contents.values() if isinstance(each, Composed)))
    contact_ids = {row.contact_id for row in rows if row.contact_id}
    values, readers = values_of(contact_ids, names), consent.readers_of(contact_ids)
    asked = [_asked(row, readers) for row in rows]
    found = consent.verdicts(asked, now)
    ready, settled, held = [], [], []
    for row, each in zip(rows, asked, strict=True):
        verdict = found.get(row.id)
        if isinstance(verdict, Hold):
            held.append({"number": row.id, "until": verdict.until, "why": verdict.reason[:255], "slot": None})
            continue
        made = _prepared(row, each.address, contents[row.content_id], values, readers, verdict)
        (ready if isinstance(made, Outgoing) else settled).append(made)
    seen = domains.watch(ready, now)
    held += [
        {"number": number, "until": wait.until, "why": wait.reason, "slot": wait.slot}
        for number, wait in seen.waits.items()
    ]
    ready = [each for each in ready if each.id not in seen.waits] if seen.waits else ready
    limits.count(now, len(ready))
    urls, refusing, here = urls_of(rows), seen.refusing, second_asking.tide() if ready else None
    for outgoing in ready:
        outgoing.tide, outgoing.taken_at = here, now
        outgoing.account_url = urls.get(outgoing.id, "")
        outgoing.was_refusing = domain_of(outgoing.to_address) in refusing
    for statement, some in ((_SETTLE, settled), (_HOLD, held)):
        if some:
            db.session.connection().execute(statement, some)
    return len(rows), sorted(ready, key=lambda each: each.id)


_SETTLE = (
    sa.update(messages)
    .where(messages.c.id == sa.bindparam("number"))
    .values(status=sa.bindparam("to_status"), reason=sa.bindparam("why"), lease_until=None)
)
_HOLD = (
    sa.update(messages)
    .where(messages.c.id == sa.bindparam("number"))
    .values(
        status="pending", due_at=sa.bindparam("until"), reason=sa.bindparam("why"), lease_until=None,
        slot_at=sa.bindparam("slot"), attempts=messages.c.attempts - 1,
    )
)  # fmt: skip


def _asked(row: Taken, readers: Mapping[int, Reader]) -> Asked:
    """The question whether this message may go to whoever reads the contact's messages."""
    if row.contact_id is None:
        return Asked(row.id, None, row.to_address or "", kind=SYSTEM)
    reader = readers.get(row.contact_id)
    kind = kind_of(row.kind, row.is_marketing)
    return Asked(row.id, row.contact_id, reader.email if reader else "", kind=kind, topic_id=row.topic_id)


def _contents(rows: Sequence[Taken]) -> dict[int, Composed | str]:
    """The composition of each content these messages have, or why there is none."""
    ids = {row.content_id for row in rows}
    found = db.session.scalars(sa.select(EmailContent).where(EmailContent.id.in_(ids)))
    return {each.id: _composition(each) for each in found}


def _composition(content: EmailContent) -> Composed | str:
    try:
        return composed(content.format, content.subject, content.preheader, content.body)
    except MergeError as error:
        return str(error)


def _prepared(
    row: Taken,
    address: str,
    content: Composed | str,
    values: Mapping[int, dict[str, Any]],
    readers: Mapping[int, Reader],
    verdict: Verdict | None,
) -> Outgoing | dict[str, Any]:
    if isinstance(verdict, Skip):
        return _settled(row, "skipped", verdict.reason)
    if isinstance(content, str):
        return _settled(row, "failed", content)
    try:
        address = headers.deliverable(address)
    except ValueError as error:
        return _settled(row, "failed", f"{error}.")
    mine = values[row.contact_id] if row.contact_id else row.merge_values or {}
    return Outgoing(row, content, address, _name(row, address, readers), kept(mine, content.names))


def _name(row: Taken, address: str, readers: Mapping[int, Reader]) -> str:
    """What stands beside the address: the reader's name, which for a minor is the guardian's."""
    name = readers[row.contact_id].name if row.contact_id else ""
    return "" if name == address else name


def _settled(row: Taken, status: str, reason: str) -> dict[str, Any]:
    return {"number": row.id, "to_status": status, "why": reason[:255]}
