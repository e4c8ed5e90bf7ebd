"""The emails of invitations and forgotten passwords. Their links are written when the mail is, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.database import after_commit, claim, db, table_of
from crm.email.models import EmailMessage
from crm.email.operations import ensure_content
from crm.email.values import school_values
from crm.queue import nudge
from crm.users.entering import Invitation, PasswordReset
from crm.users.links import url_of
from crm.users.models import User

BATCH = 100
KINDS: dict[str, type[Invitation] | type[PasswordReset]] = {"invitation": Invitation, "password_reset": PasswordReset}
WORDS = {
    "invitation": (
        "{{ account.by }} invites you to {{ school.name }}",
        "Hello{% if account.name %} {{ account.name }}{% endif %},\n\n{{ account.by }} asks you to join the staff of {{ school.name }} on Cohort, "
        "where the school keeps in touch with its students. Choose a password, and you are in.\n\n"
        "[Accept the invitation]({{ account_url }})\n\nThe link is good for a week, and once. If you did not expect this, you need not do anything.",
    ),
    "password_reset": (
        "A new password for {{ school.name }}",
        "Hello {{ account.name }},\n\nsomebody, probably you, asked for a new password for {{ account.email }}.\n\n"
        "[Choose a new password]({{ account_url }})\n\nThe link is good for an hour, and once. If it was not you, ignore this: your password stays as it is.",
    ),
}


def queue_mails(now: datetime) -> int:
    """Claim what is to be mailed and queue the emails; how many were taken. In one transaction: each is mailed once."""
    return sum(_queue(purpose, kind, now) for purpose, kind in KINDS.items())


def urls_of(rows: Sequence[sa.Row[Any]]) -> dict[int, str]:
    """The links that belong into these messages, by the message's id: only what is meant for the address it goes to."""
    found: dict[int, str] = {}
    for purpose, kind in KINDS.items():
        wanted = {row.id: (row.parent_id, row.to_address) for row in rows if row.purpose == purpose}
        if wanted:
            links = db.session.scalars(sa.select(kind).where(kind.id.in_({parent for parent, _ in wanted.values()})))
            urls = {(each.id, _address(each)): url_of(each) for each in links}
            found.update({number: urls[link] for number, link in wanted.items() if link in urls})
    return found


def _address(link: Invitation | PasswordReset) -> str:
    return link.email if isinstance(link, Invitation) else link.user.email if link.user else ""


def _queue(purpose: str, kind: type[Invitation] | type[PasswordReset], now: datetime) -> int:
    table = table_of(kind)
    due = sa.and_(table.c.email_due_at.is_not(None), table.c.email_due_at <= now)
    rows = claim(table, due, {"email_due_at": None}, order_by=table.c.email_due_at, limit=BATCH)
    ids = [row.id for row in rows]
    people = {each.id: each for each in _people(rows)}
    if ids:
        content = ensure_content(*WORDS[purpose], format="system")
        db.session.add_all(_messages(purpose, rows, people, content.id))
        db.session.flush()
        after_commit(nudge, "deliver")
    return len(ids)


def _people(rows: Sequence[sa.Row[Any]]) -> Sequence[User]:
    """Who is written to, or who invites."""
    wanted = {getattr(row, "user_id", None) or getattr(row, "invited_by", None) for row in rows} - {None}
    return db.session.scalars(sa.select(User).where(User.id.in_(wanted))).all() if wanted else []


def _messages(
    purpose: str, rows: Sequence[sa.Row[Any]], people: dict[int, User], content_id: int
) -> list[EmailMessage]:
    made = []
    for row in sorted(rows, key=lambda each: each.id):
        told = _invited(row, people) if purpose == "invitation" else _forgetful(row, people)
        if told:
            made.append(
                EmailMessage(
                    contact_id=None,
                    content_id=content_id,
                    purpose=purpose,
                    parent_id=row.id,
                    to_address=told["email"],
                    merge_values={"account": told, "school": school_values()},
                    actor="Cohort",
                    is_marketing=False,
                )  # fmt: skip
            )
    return made


def _invited(row: sa.Row[Any], people: dict[int, User]) -> dict[str, str | None]:
    by = people.get(row.invited_by)
    return {"email": row.email, "name": row.name or None, "by": by.name if by else school_values()["name"] or ""}


def _forgetful(row: sa.Row[Any], people: dict[int, User]) -> dict[str, str | None] | None:
    """Nobody, when the address asked for has no account."""
    user = people.get(row.user_id)
    return {"email": user.email, "name": user.name} if user and user.is_enabled else None
