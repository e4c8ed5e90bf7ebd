"""Doing a POST once, however often it is sent with the same Idempotency-Key.

The key is claimed and committed before the work begins; the work and its answer are then one transaction. So a repeat finds the
answer, or the work still under way (409), or, after a crash, nothing done at all. Answers that changed nothing (4xx) are not kept.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Response, request

from crm.api.bodies import body
from crm.api.models import IdempotencyKey
from crm.database import commit, db, insert_new, table_of
from crm.lib import clock
from crm.lib.problems import Problem

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=2)
_keys = table_of(IdempotencyKey)


class Claim:
    """The right to do the work of one key. Without a key there is nothing to claim or to keep."""

    def __init__(self, user_id: int):
        self.key = _key()
        self.user_id = user_id
        self.lease_until = clock.now() + LEASE

    def take(self) -> Response | None:
        """Begin the work; or the answer it already had. Raises Problem: 409 while it is under way, 422 for another body."""
        if not self.key:
            return None
        mark = _fingerprint()
        row = {"user_id": self.user_id, "key": self.key, "fingerprint": mark, "lease_until": self.lease_until}
        is_new = bool(insert_new(_keys, [{**row, "created_at": clock.now()}]))
        before = None if is_new else self._earlier(mark, clock.now())
        if before is None:
            commit()
        return before

    def keep(self, reply: Response) -> None:
        """Store the answer with the work, in its transaction. Raises Problem (409) if the work was given to somebody else meanwhile."""
        if self.key and not self._write(
            status=reply.status_code, body=reply.get_data(as_text=True), location=reply.headers.get("Location")
        ):
            raise Problem(409, "This took too long, and was begun anew elsewhere.")

    def drop(self) -> None:
        """Forget the key: nothing was done."""
        if self.key:
            db.session.execute(sa.delete(_keys).where(*self._mine()))
            commit()

    def _earlier(self, mark: str, now: datetime) -> Response | None:
        found = sa.select(_keys).where(_keys.c.user_id == self.user_id, _keys.c.key == self.key)
        row = db.session.execute(found.with_for_update()).one_or_none()
        if row is None:
            raise Problem(409, "A request with this Idempotency-Key has just ended. Send it again.")
        is_old = row.created_at < now - KEPT
        if not is_old and row.fingerprint != mark:
            raise Problem(422, "This Idempotency-Key was used for another request.")
        if not is_old and row.status is not None:
            return _replay(row)
        if row.status is None and row.lease_until > now:
            raise Problem(409, "A request with this Idempotency-Key is under way.")
        fresh = {"fingerprint": mark, "lease_until": self.lease_until, "created_at": now, "status": None, "body": None}
        db.session.execute(sa.update(_keys).where(_keys.c.id == row.id).values(**fresh))
        return None

    def _write(self, **values: Any) -> int:
        return db.session.execute(sa.update(_keys).where(*self._mine()).values(**values)).rowcount

    def _mine(self) -> tuple[sa.ColumnElement[bool], ...]:
        mine = (_keys.c.user_id == self.user_id, _keys.c.key == self.key, _keys.c.lease_until == self.lease_until)
        return (*mine, _keys.c.status.is_(None))


def forget_old(now: datetime) -> int:
    """Delete the keys older than a day; how many there were."""
    return db.session.execute(sa.delete(_keys).where(_keys.c.created_at < now - KEPT)).rowcount


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    if len(key) > 255 or not key.isascii() or not key.isprintable():
        raise Problem(400, "An Idempotency-Key has at most 255 plain characters.")
    return key


def _fingerprint() -> str:
    sent = json.dumps(body(), sort_keys=True) if request.is_json and request.get_data() else ""
    return hashlib.sha256(f"{request.full_path}\n{sent}".encode()).hexdigest()


def _replay(row: sa.Row[Any]) -> Response:
    reply = Response(row.body, row.status, mimetype="application/json", headers={"Idempotent-Replayed": "true"})
    if row.location:
        reply.headers["Location"] = row.location
    return reply
