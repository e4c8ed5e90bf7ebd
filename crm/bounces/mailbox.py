"""Reading the mailbox: from where it was left, some messages at a time, by one worker, each message carried out once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from crm.bounces.incoming import Reply, understood
from crm.bounces.models import Mailbox
from crm.bounces.operations import take_in
from crm.bounces.replies import take_replies
from crm.database import commit, db, insert_new, rollback, table_of
from crm.lib.imap_url import MailboxAddress
from crm.providers.imap import Inbox, MailboxError, opened

LEASE = timedelta(minutes=5)
BATCH, BATCHES = 50, 10
LOOK_BACK = timedelta(days=14)
"""How old mail may be that is read when a mailbox is seen for the first time, or has numbered its mail anew."""
boxes = table_of(Mailbox)


def mailbox_address() -> MailboxAddress | None:
    """The mailbox that is set, if one is."""
    url = current_app.config["IMAP_URL"]
    return MailboxAddress.of_url(url) if url else None


def mailbox() -> Mailbox | None:
    """Where reading it stands."""
    address = mailbox_address()
    return db.session.scalar(sa.select(Mailbox).where(Mailbox.key == address.key)) if address else None


def read_mailbox(now: datetime) -> int:
    """Read what is new; how many messages. What went wrong is kept in words; the next time it goes on from where it was left."""
    address = mailbox_address()
    box = _claimed(address.key, now) if address else None
    if address is None or box is None:
        rollback()
        return 0
    problem, count = None, 0
    try:
        with opened(address) as inbox:
            count = _read(inbox, box, now)
    except MailboxError as error:
        rollback()
        problem = str(error)[:255]
    _note(box.id, checked_at=now, lease_until=None, problem=problem)
    return count


def _claimed(key: str, now: datetime) -> sa.Row[tuple[int, int | None, int]] | None:
    insert_new(boxes, [{"key": key, "last_uid": 0, "bounces": 0, "replies": 0}])
    free = sa.or_(boxes.c.lease_until.is_(None), boxes.c.lease_until < now)
    mine = sa.update(boxes).where(boxes.c.key == key, free).values(lease_until=now + LEASE)
    found = db.session.execute(mine.returning(boxes.c.id, boxes.c.uid_validity, boxes.c.last_uid)).first()
    commit()
    return found


def _read(inbox: Inbox, box: sa.Row[tuple[int, int | None, int]], now: datetime) -> int:
    is_new = box.uid_validity != inbox.uid_validity
    last, total = (0 if is_new else box.last_uid), 0
    since = (now - LOOK_BACK).date() if is_new or last == 0 else None
    for _ in range(BATCHES):
        uids = inbox.uids(last, since, BATCH)
        if not uids:
            break
        raw = [each for _, each in inbox.messages(uids)]
        last = uids[-1]
        bounces, replies = _carry_out(raw, now)
        counted = {"bounces": boxes.c.bounces + bounces, "replies": boxes.c.replies + replies}
        _note(box.id, uid_validity=inbox.uid_validity, last_uid=last, lease_until=now + LEASE, **counted)
        total += len(raw)
    return total


def _carry_out(raw: Sequence[bytes], now: datetime) -> tuple[int, int]:
    found = [understood(each, now) for each in raw]
    events = [event for each in found if isinstance(each, list) for event in each]
    bounces = take_in("imap", events, now) if events else 0
    replies = take_replies([each for each in found if isinstance(each, Reply)], now)
    return bounces, replies


def _note(number: int, **values: object) -> None:
    """Written with what the messages caused, in one transaction."""
    db.session.execute(sa.update(boxes).where(boxes.c.id == number).values(**values))
    commit()
