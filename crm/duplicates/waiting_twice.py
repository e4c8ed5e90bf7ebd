"""Emails that wait for two contacts who become one: the person gets each once, and after an undo each of the two again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.automation.models import Enrollment
from crm.database import db, table_of
from crm.email.models import EmailMessage
from crm.recovery.belongings import Bundle
from crm.recovery.writing import Writer

IN_HANDS = ("pending", "claimed")
NOT_SENT = ("failed", "skipped", "cancelled")
_messages = table_of(EmailMessage)
_NO_ORM = {"synchronize_session": False}


def call_off(loser: int, survivor: int, name: str) -> list[int]:
    """Before the two are one: of two copies one is cancelled; the ids of those. What a worker holds of the loser it must claim anew.

    Copies are the messages of one mailing (`purpose` and `parent_id`), and those of one purpose with the same words that both wait still.
    One that failed or was skipped is nobody's copy: whichever of the two still waits goes.
    """
    called_off = _cancel(_of(survivor), _has(loser, waiting=False), reason=f"Merged with {name}, who has it already.")
    called_off += _cancel(_of(loser), _has(survivor, waiting=False), reason="Merged with a contact who has it already.")
    twice = sa.or_(_has(survivor, waiting=True), _same_words(survivor))
    called_off += _cancel(_of(loser), twice, reason="Merged with a contact for whom it waits, too.")
    held = sa.update(_messages).where(_messages.c.contact_id == loser, _messages.c.status == "claimed")
    again = {"status": "pending", "lease_until": None, "fence": _messages.c.fence + 1}
    db.session.execute(held.values(again), execution_options=_NO_ORM)
    return called_off


def _has(contact_id: int, *, waiting: bool) -> sa.ColumnElement[bool]:
    """Whether this contact has a copy of the message, which waits still, or went out or may have gone out.

    What came to somebody by an earlier merge may have a number of its own, below nothing (`moving`).
    """
    other = aliased(_messages)
    same_visit = sa.or_(
        other.c.visit_no == _messages.c.visit_no, sa.and_(other.c.visit_no < 0, _messages.c.visit_no <= 0),
        sa.and_(other.c.visit_no == 0, _messages.c.visit_no < 0),
    )  # fmt: skip
    return sa.exists().where(
        other.c.contact_id == contact_id,
        other.c.purpose == _messages.c.purpose,
        other.c.parent_id == _messages.c.parent_id,
        same_visit,
        other.c.status.in_(IN_HANDS) if waiting else other.c.status.not_in((*IN_HANDS, *NOT_SENT)),
    )


def _same_words(contact_id: int) -> sa.ColumnElement[bool]:
    other = aliased(_messages)
    return sa.exists().where(
        other.c.contact_id == contact_id,
        other.c.purpose == _messages.c.purpose,
        other.c.parent_id != _messages.c.parent_id,
        other.c.content_id == _messages.c.content_id,
        other.c.status.in_(IN_HANDS),
    )


def call_off_ended(survivor: int) -> list[int]:
    """After the two are one: what a second run of a workflow, which has ended, had queued is not sent; the ids."""
    ended = sa.select(Enrollment.id).where(
        Enrollment.contact_id == survivor, Enrollment.entry_key.startswith("merged ")
    )
    run = _messages.c.purpose == "workflow", _messages.c.parent_id.in_(ended)
    return _cancel(_of(survivor), *run, reason="Merged with a contact who is in the workflow, too.")


def give_back(called_off: Sequence[int], bundle: Bundle, writer: Writer) -> None:
    """After the two are parted: what waited and was called off, or went with the merge, waits again, if its mailing still goes on."""
    gone = [row for row in bundle.rows.get(_messages.name, ()) if row["status"] in IN_HANDS]
    ids = [*called_off, *(writer.id_now(_messages.name, row["id"]) for row in gone)]
    for purpose, parent_id, some in _mailings(ids):
        others = sa.select(_messages.c.id).where(
            _messages.c.purpose == purpose,
            _messages.c.parent_id == parent_id,
            _messages.c.status.in_((*IN_HANDS, "sending")),
        )
        if purpose == "workflow" or db.session.scalar(others.limit(1)) is not None:
            again = sa.update(_messages).where(_messages.c.id.in_(some), _messages.c.status == "cancelled")
            db.session.execute(again.values(status="pending", reason=None), execution_options=_NO_ORM)


def _mailings(ids: Sequence[int]) -> Iterable[tuple[str, int, list[int]]]:
    found: dict[tuple[str, int], list[int]] = {}
    rows = sa.select(_messages.c.id, _messages.c.purpose, _messages.c.parent_id).where(_messages.c.id.in_(ids))
    for row in db.session.execute(rows) if ids else ():
        found.setdefault((row.purpose, row.parent_id), []).append(row.id)
    return [(purpose, parent_id, some) for (purpose, parent_id), some in found.items()]


def _of(contact_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_messages.c.contact_id == contact_id, _messages.c.status.in_(IN_HANDS))


def _cancel(*which: sa.ColumnElement[bool], reason: str) -> list[int]:
    ids = list(db.session.scalars(sa.select(_messages.c.id).where(*which)))
    values = {"status": "cancelled", "reason": reason[:255], "lease_until": None}
    db.session.execute(sa.update(_messages).where(_messages.c.id.in_(ids)).values(values), execution_options=_NO_ORM)
    return ids
