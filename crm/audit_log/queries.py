"""Which entries are wanted, newest first, in pages and as rows of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from crm.audit.models import ACTIONS, AuditEntry
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db, table_of
from crm.lib import clock, keyset
from crm.users.models import User

entries = table_of(AuditEntry)
ORDER = keyset.Order(entries.c.id, entries.c.id, is_descending=True)
MOST = 100_000
"""Rows of one file."""
CHUNK = 1_000
KINDS = {
    "users": "People", "user_sessions": "Sign-ins", "api_tokens": "API tokens", "teams": "Teams", "roles": "Roles", "invitations": "Invitations", "settings": "Settings",
    "holds": "Holds", "backups": "Backups", "contacts": "Contacts", "contact_field_values": "Own fields of contacts",
    "contact_taggings": "Tags of contacts", "contact_notes": "Notes", "contact_tasks": "Tasks", "contact_tags": "Tags",
    "contact_views": "Views", "contact_imports": "Imports", "contact_exports": "Exports", "contact_merges": "Merges",
    "bulk_actions": "Bulk actions", "audiences": "Audiences", "automation_workflows": "Workflows",
    "automation_versions": "Workflow versions", "automation_steps": "Workflow steps", "email_templates": "Templates",
    "email_unsubscribes": "Unsubscriptions", "communication_preferences": "Preferences of contacts", "topics": "Topics", "contact_tag_rules": "Tag rules", "broadcasts": "Broadcasts",
    "suppressions": "Suppressed addresses", "custom_fields": "Own fields",
    "ownership_rules": "Ownership rules", "absences": "Absences", "erasures": "Erasures", "audit_entries": "Audit log",
}  # fmt: skip
"""What can be asked for by kind, as it reads; a kind that is not here is shown by its name."""
ABOUT_CONTACTS = {"contacts", "contact_merges", "contact_imports", "suppressions", "erasures"}
"""Kinds whose entries may name contacts without saying which."""
HEADING = ["When (UTC)", "Who", "How", "Through", "Address", "Did", "Kind", "Number", "Record", "Changes"]


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed by, as its address says it."""

    user: int | None = None
    kind: str = ""
    record: int | None = None
    contact: int | None = None
    action: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""

    def query(self, **changes: Any) -> dict[str, Any]:
        """The parameters of the address of this list, or of one that differs so."""
        changed = replace(self, **changes)
        return {name: value for name, value in vars(changed).items() if value not in (None, "")}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query())


def read(args: Mapping[str, str]) -> Wanted:
    """What an address asks for; what cannot be read is left out."""
    return Wanted(
        user=_number(args.get("user")),
        kind=args.get("kind", "")[:40],
        record=_number(args.get("record")),
        contact=_number(args.get("contact")),
        action=args["action"] if args.get("action") in ACTIONS else "",
        since=_day(args.get("since")),
        until=_day(args.get("until")),
        text=args.get("text", "").strip()[:100],
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def found(wanted: Wanted, viewer: User) -> sa.Select[Any]:
    """The entries wanted, days on the viewer's clock; about contacts only those in the viewer's sight."""
    zone = viewer.timezone
    pairs = (
        (entries.c.user_id, wanted.user),
        (entries.c.kind, wanted.kind),
        (entries.c.record_id, wanted.record),
        (entries.c.contact_id, wanted.contact),
        (entries.c.action, wanted.action),
    )
    statement = sa.select(entries).where(*(column == value for column, value in pairs if value not in (None, "")))
    if viewer.sees_assigned_only:
        in_sight = entries.c.contact_id.in_(sa.select(Contact.id).where(scope(viewer)))
        about_nobody = sa.and_(entries.c.contact_id.is_(None), entries.c.kind.not_in(ABOUT_CONTACTS))
        statement = statement.where(sa.or_(in_sight, about_nobody))
    if wanted.since:
        statement = statement.where(entries.c.occurred_at >= _midnight(wanted.since, zone))
    if wanted.until and wanted.until < date.max:
        statement = statement.where(entries.c.occurred_at < _midnight(wanted.until + timedelta(days=1), zone))
    if wanted.text:
        places = (
            entries.c.label,
            entries.c.actor,
            entries.c.via_name,
            entries.c.ip_address,
            sa.cast(entries.c.changes, sa.Text),
        )
        spelt = {wanted.text, json.dumps(wanted.text)[1:-1]}
        statement = statement.where(sa.or_(*(each.icontains(one, autoescape=True) for each in places for one in spelt)))
    return statement


def _midnight(day: date, zone: str) -> datetime:
    if not date(1900, 1, 2) <= day <= date(9000, 1, 1):
        day = min(max(day, date(1900, 1, 2)), date(9000, 1, 1))
    return clock.moment_of(datetime.combine(day, time()), zone)


def page(wanted: Wanted, viewer: User, cursor: str | None) -> keyset.Page:
    """One page of them."""
    return keyset.page(
        found(wanted, viewer), ORDER, keyset.read_cursor(cursor, ORDER), lambda each: db.session.execute(each).all()
    )


def chunks(wanted: Wanted, viewer: User) -> Iterator[list[list[Any]]]:
    """The rows of a file, newest first, so many at a time."""
    rows = db.session.execute(found(wanted, viewer).order_by(entries.c.id.desc()).limit(MOST))
    for some in rows.partitions(CHUNK):
        yield [_cells(each) for each in some]


def _cells(row: Any) -> list[Any]:
    changes = "; ".join(f"{name}: {_said(pair[0])} → {_said(pair[1])}" for name, pair in row.changes.items())
    return [
        f"{row.occurred_at:%Y-%m-%d %H:%M:%S}", row.actor, row.via, row.via_name, row.ip_address,
        ACTIONS.get(row.action, row.action), KINDS.get(row.kind, row.kind), row.record_id or "", row.label, changes,
    ]  # fmt: skip


def _said(value: Any) -> str:
    return "(nothing)" if value is None else str(value)


def people() -> list[tuple[int, str]]:
    """Everybody whose deeds can be asked for."""
    return [(row.id, row.name) for row in db.session.execute(sa.select(User.id, User.name).order_by(User.name))]
