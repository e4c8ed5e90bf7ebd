"""Taking messages that are due, with everything needed to send them; consent is checked in the claiming transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.database import db, table_of
from crm.delivery import ledger
from crm.delivery.queries import suppressed_among
from crm.email import headers
from crm.email.account_mails import urls_of
from crm.email.compose import Composed, composed
from crm.email.models import EmailContent, EmailMessage
from crm.email.values import kept, values_of
from crm.lib.merge_tags import MergeError
from crm.preferences.queries import unsubscribed_among

messages = table_of(EmailMessage)


@dataclass(slots=True)
class Outgoing:
    """A message in our hands: its row, whom it goes to, what is put in."""

    row: sa.Row[Any]
    content: Composed
    to_address: str
    to_name: str
    values: dict[str, Any]
    subject: str = ""
    message_id: str = ""
    account_url: str = ""
    """The link of an invitation or a reset, known while the message is in our hands."""
    begun_at: datetime | None = field(default=None)

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def fence(self) -> int:
        return self.row.fence


def claim_batch(now: datetime, limit: int) -> list[Outgoing]:
    """Take up to `limit` due messages. Those that may not be sent are settled here, with the reason, and not returned."""
    rows = ledger.claim_due(messages, now, limit)
    if not rows:
        return []
    contents = _contents(rows)
    names = frozenset().union(*(each.names for each in contents.values() if isinstance(each, Composed)))
    values = values_of({row.contact_id for row in rows if row.contact_id}, names)
    ready, settled = [], []
    blocks = _blocks([_address(row, values) for row in rows])
    for row in rows:
        made = _prepared(row, contents[row.content_id], values, blocks)
        (ready if isinstance(made, Outgoing) else settled).append(made)
    urls = urls_of(rows)
    for outgoing in ready:
        outgoing.account_url = urls.get(outgoing.id, "")
    if settled:
        db.session.execute(_SETTLE, settled, execution_options={"synchronize_session": False})
    return sorted(ready, key=lambda each: each.id)


_SETTLE = (
    sa.update(messages)
    .where(messages.c.id == sa.bindparam("number"))
    .values(status=sa.bindparam("to_status"), reason=sa.bindparam("why"), lease_until=None)
)


@dataclass(frozen=True)
class _Blocks:
    """Addresses that may not be written to."""

    suppressed: Mapping[str, str]
    unsubscribed: set[str]


def _blocks(addresses: Sequence[str]) -> _Blocks:
    wanted = {each.lower() for each in addresses if each}
    return _Blocks(suppressed_among(wanted), unsubscribed_among(wanted))


def _contents(rows: Sequence[sa.Row[Any]]) -> dict[int, Composed | str]:
    """The composition of each content these messages have, or why there is none."""
    ids = {row.content_id for row in rows}
    found = db.session.scalars(sa.select(EmailContent).where(EmailContent.id.in_(ids)))
    return {each.id: _composition(each) for each in found}


def _composition(content: EmailContent) -> Composed | str:
    try:
        return composed(content.format, content.subject, content.preheader, content.body)
    except MergeError as error:
        return str(error)


def _address(row: sa.Row[Any], values: Mapping[int, dict[str, Any]]) -> str:
    if row.contact_id is None:
        return row.to_address or ""
    return (values[row.contact_id]["contact"]["email"] or "") if row.contact_id in values else ""


def _prepared(
    row: sa.Row[Any], content: Composed | str, values: Mapping[int, dict[str, Any]], blocks: _Blocks
) -> Outgoing | dict[str, Any]:
    address = _address(row, values)
    refusal = _refusal(row, address, blocks)
    if refusal:
        return _settled(row, *refusal)
    if isinstance(content, str):
        return _settled(row, "failed", content)
    try:
        address = headers.deliverable(address)
    except ValueError as error:
        return _settled(row, "failed", f"{error}.")
    mine = values[row.contact_id] if row.contact_id else row.merge_values or {}
    name = mine.get("contact", {}).get("name", "") if row.contact_id else ""
    return Outgoing(row, content, address, "" if name == address else name, kept(mine, content.names))


def _refusal(row: sa.Row[Any], address: str, blocks: _Blocks) -> tuple[str, str] | None:
    if not address:
        return "skipped", "The contact has no email address."
    if address.lower() in blocks.suppressed:
        return "skipped", f"The address is suppressed: {blocks.suppressed[address.lower()]}"
    if row.is_marketing and address.lower() in blocks.unsubscribed:
        return "skipped", "The contact unsubscribed."
    return None


def _settled(row: sa.Row[Any], status: str, reason: str) -> dict[str, Any]:
    return {"number": row.id, "to_status": status, "why": reason[:255]}
