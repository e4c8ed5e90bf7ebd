"""The list of suppressed addresses: newest first, found by a part of the address, by reason; of any length."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db, rollback
from crm.delivery.models import SUPPRESSED_FOR, Suppression
from crm.lib.keyset import Order, Page, page, read_cursor
from crm.lib.mail_names import spellings
from crm.providers.reports import REPORTERS
from crm.users.models import User

ORDER = Order(Suppression.id, Suppression.id, is_descending=True)
CHUNK = 1000
SOURCES = {
    **{each.key: each.label for each in REPORTERS.values()},
    "imap": "Mailbox",
    "smtp": "Mail server",
    "bounces": "Bounces",
}
"""Words for what is a source by its key; people and files stand there by name."""
FEW = 10_000
"""Beyond this they are not counted one by one."""


def visible_suppressions(viewer: User) -> sa.Select[tuple[Suppression]]:
    """The suppressed addresses this viewer may know: all but those of erased people, of which only a hash is kept."""
    found = sa.select(Suppression).where(Suppression.channel == "email", Suppression.kind != "erased")
    if viewer.sees_assigned_only:
        theirs = sa.select(sa.func.lower(Contact.email)).where(scope(viewer), Contact.email.is_not(None))
        found = found.where(Suppression.address.in_(theirs))
    return found


def listed(viewer: User, text: str, kind: str, at: str | None) -> Page:
    """A page of them."""
    found = _narrowed(visible_suppressions(viewer), text, kind).with_only_columns(
        Suppression.id, Suppression.address, Suppression.kind, Suppression.reason, Suppression.source,
        Suppression.email_message_id, Suppression.created_at,
    )  # fmt: skip
    return page(found, ORDER, read_cursor(at, ORDER), lambda each: db.session.execute(each).all())


def counts(viewer: User) -> dict[str, int]:
    """How many there are by reason, each up to FEW and one more."""
    return {
        kind: _count(visible_suppressions(viewer).where(Suppression.kind == kind))
        for kind in SUPPRESSED_FOR
        if kind != "erased"
    }


def erased_count() -> int:
    """How many are kept as a hash alone."""
    return _count(sa.select(Suppression).where(Suppression.channel == "email", Suppression.kind == "erased"))


def rows(viewer: User, text: str, kind: str) -> Iterator[tuple[str, str, str, str, str]]:
    """All of them as cells, the heading first, a thousand at a time, with no transaction open between."""
    yield "Address", "Why", "In words", "Source", "Since"
    wanted, before = (
        _narrowed(visible_suppressions(viewer), text, kind).order_by(Suppression.id.desc()).limit(CHUNK),
        None,
    )
    while found := db.session.scalars(wanted if before is None else wanted.where(Suppression.id < before)).all():
        before = found[-1].id
        yield from (
            (
                each.address,
                SUPPRESSED_FOR.get(each.kind, each.kind),
                each.reason,
                SOURCES.get(each.source, each.source),
                each.created_at.strftime("%Y-%m-%d %H:%M UTC"),
            )
            for each in found
        )
        db.session.expunge_all()
        rollback()


def suppression_of(address: str | None) -> Suppression | None:
    """Why nothing is sent to this address, if so."""
    if not address:
        return None
    mine = Suppression.channel == "email", Suppression.address.in_(spellings(address))
    return db.session.scalar(sa.select(Suppression).where(*mine))


def _narrowed(found: sa.Select[tuple[Suppression]], text: str, kind: str) -> sa.Select[tuple[Suppression]]:
    if kind:
        found = found.where(Suppression.kind == kind)
    if wanted := text.strip().lower():
        is_whole = "@" in wanted[1:-1] and "." in wanted.rpartition("@")[2]
        found = found.where(
            Suppression.address == wanted if is_whole else Suppression.address.contains(wanted, autoescape=True)
        )
    return found


def _count(found: sa.Select[tuple[Suppression]]) -> int:
    some = found.with_only_columns(Suppression.id).limit(FEW + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
