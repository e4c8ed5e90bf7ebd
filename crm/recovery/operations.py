"""Keeping what is deleted, and bringing it back."""

from __future__ import annotations

import json
import zlib
from datetime import datetime

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.database import db
from crm.lib import clock
from crm.recovery.belongings import Bundle, as_plain, from_plain, gather
from crm.recovery.models import DeletedRecord, kept_for
from crm.recovery.writing import Writer


def keep(table: str, record_id: int, name: str, email: str | None, by: Actor) -> DeletedRecord:
    """Keep the record and all that hangs on it; to be called before it is deleted, in the same transaction."""
    db.session.flush()
    kept = DeletedRecord(
        table_name=table, record_id=record_id, name=name[:255], email=email, packed=pack(gather(table, record_id)),
        deleted_by=by.user_id, actor=by.name[:120],
    )  # fmt: skip
    db.session.add(kept)
    db.session.flush()
    return kept


def bring_back(kept: DeletedRecord) -> int:
    """Write the record and all that hung on it again; returns the id it has now. Raises IntegrityError where something took its place."""
    writer = Writer(unpack(kept.packed))
    writer.write()
    db.session.delete(kept)
    db.session.flush()
    return int(writer.id_now(kept.table_name, kept.record_id))


def pack(bundle: Bundle) -> bytes:
    """The bundle in few bytes."""
    return zlib.compress(json.dumps(as_plain(bundle), ensure_ascii=False, separators=(",", ":")).encode())


def unpack(packed: bytes) -> Bundle:
    """The bundle that was packed."""
    return from_plain(json.loads(zlib.decompress(packed)))


def forget_old(now: datetime | None = None, limit: int = 500) -> int:
    """Remove for good what was deleted long enough ago, so many at most; returns how many."""
    old = sa.select(DeletedRecord.id).where(DeletedRecord.deleted_at < (now or clock.now()) - kept_for()).limit(limit)
    statement = sa.delete(DeletedRecord).where(DeletedRecord.id.in_(old))
    return int(db.session.execute(statement, execution_options={"synchronize_session": False}).rowcount)
