"""Writing entries, and the two ways they change: words of somebody who must be forgotten go, and what is old goes."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa
from flask import g, has_app_context, has_request_context, request

from crm.audit.models import AuditEntry
from crm.database import db, table_of
from crm.lib import clock

HIDDEN = "(hidden)"
NOBODY = "(erased)"
QUIET = {"synchronize_session": False}
_entries = table_of(AuditEntry)


def record(
    action: str,
    kind: str,
    label: str = "",
    *,
    record_id: int | None = None,
    contact_id: int | None = None,
    changes: dict[str, Sequence[Any]] | None = None,
) -> None:
    """Write down, in this transaction, what no changed row tells by itself."""
    entry = {
        "action": action, "kind": kind, "label": label[:255], "record_id": record_id, "contact_id": contact_id,
        "changes": {name: list(pair) for name, pair in (changes or {}).items()},
    }  # fmt: skip
    write([entry])


def write(entries: Sequence[dict[str, Any]]) -> None:
    """Write these entries with who does it and from where: one statement."""
    if entries:
        common = {"occurred_at": clock.now(), **doer()}
        db.session.connection().execute(sa.insert(_entries), [{**common, **each} for each in entries])


def doer() -> dict[str, Any]:
    """Who is at work now, how, and from where."""
    if has_request_context():
        user = g.get("_login_user")
        known = user is not None and getattr(user, "is_authenticated", False)
        token = g.get("api_token_name")
        return {
            "user_id": user.id if known else None,
            "actor": user.name[:120] if known else "",
            "via": "token" if token else "page",
            "via_name": (token or "")[:120],
            "ip_address": (request.remote_addr or "")[:45],
        }
    job = g.get("job", "") if has_app_context() else ""
    command = click.get_current_context(silent=True)
    via, name = ("job", job) if job or command is None else ("command", command.command_path)
    return {"user_id": None, "actor": "", "via": via, "via_name": name[:120], "ip_address": ""}


def forget(contact_id: int | None, words: Collection[str]) -> None:
    """Take a person who must be forgotten out of the log: what happened stays, whose and what values go."""
    spelt = {spelling for each in words if len(each) > 3 for spelling in (each, json.dumps(each)[1:-1])}
    blank = {"label": NOBODY, "changes": {}}
    if contact_id is not None:
        mine = _entries.c.contact_id == contact_id
        db.session.execute(sa.update(_entries).where(mine).values(**blank, contact_id=None), execution_options=QUIET)
    for column in (_entries.c.label, sa.cast(_entries.c.changes, sa.Text)) if spelt else ():
        says = sa.or_(*(column.contains(each, autoescape=True) for each in spelt))
        db.session.execute(sa.update(_entries).where(says).values(**blank), execution_options=QUIET)


def prune(before: datetime, limit: int) -> int:
    """Remove up to `limit` entries from before that moment; how many those were."""
    old = sa.select(_entries.c.id).where(_entries.c.occurred_at < before).order_by(_entries.c.occurred_at).limit(limit)
    return db.session.execute(sa.delete(_entries).where(_entries.c.id.in_(old)), execution_options=QUIET).rowcount
