"""Addresses never to write to again. Those of people who were erased are kept as a keyed hash alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from crm.database import db, insert_new, table_of
from crm.delivery.models import Suppression
from crm.delivery.queries import hashes_of
from crm.lib import clock
from crm.lib.mail_names import as_written, spellings

WEAKER = {"complaint": ("hard", "soft"), "hard": ("soft",)}
"""What a stronger reason takes the place of; otherwise the first one stays."""
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Suppress:
    """An address to suppress, and why."""

    address: str
    reason: str
    kind: str = "hard"
    source: str = ""
    email_message_id: int | None = None
    channel: str = "email"


def suppress(
    address: str,
    reason: str,
    channel: str = "email",
    *,
    kind: str = "hard",
    source: str = "",
    email_message_id: int | None = None,
) -> bool:
    """Send nothing to this address any more; whether that was new. The first reason stays, unless the new one is stronger."""
    return suppress_all([Suppress(address, reason, kind, source, email_message_id, channel)]) == 1


def suppress_all(wanted: Sequence[Suppress]) -> int:
    """Send nothing to these addresses any more, in a few statements; how many were new."""
    now, table = clock.now(), table_of(Suppression)
    rows = [
        {
            "channel": each.channel,
            "address": as_written(each.address)[:255],
            "kind": each.kind,
            "reason": each.reason[:255],
            "source": each.source[:120],
            "email_message_id": each.email_message_id,
            "created_at": now,
        }
        for each in wanted
    ]
    new = len(insert_new(table, rows))
    if new < len(rows) and any(each.kind in WEAKER for each in wanted):
        _strengthen(rows)
    return new


def _strengthen(rows: Sequence[dict[str, object]]) -> None:
    """A complaint is more than a bounce, and a bounce for good more than three for now."""
    table = table_of(Suppression)
    for kind, weaker in WEAKER.items():
        values = [
            {
                "to": row["address"],
                "on": row["channel"],
                "why": row["reason"],
                "by": row["source"],
                "about": row["email_message_id"],
            }
            for row in rows
            if row["kind"] == kind
        ]
        if values:
            mine = (
                table.c.address == sa.bindparam("to"),
                table.c.channel == sa.bindparam("on"),
                sa.or_(*(table.c.kind == each for each in weaker)),
            )
            change = (
                sa.update(table)
                .where(*mine)
                .values(
                    kind=kind,
                    reason=sa.bindparam("why"),
                    source=sa.bindparam("by"),
                    email_message_id=sa.bindparam("about"),
                )
            )
            db.session.connection().execute(change, values)


def suppress_secretly(address: str, reason: str, channel: str = "email") -> None:
    """Send nothing to this address any more, without keeping it: a hash takes its place."""
    mine = Suppression.channel == channel, Suppression.address.in_(spellings(address))
    db.session.execute(sa.delete(Suppression).where(*mine))
    suppress(hashes_of(address)[0], reason, channel, kind="erased")
