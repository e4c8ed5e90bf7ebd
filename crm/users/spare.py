"""Sign-ins while nothing can be written: kept in this process, until there is room for them on the disk, an hour at most.

So staff can read on a full disk (G18). They end with the process, with the password they began with, and like all others. The code of an
authenticator app counts once here too; a recovery code cannot be used up and does not count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from flask import current_app

from crm.database import db
from crm.lib import clock
from crm.users.models import User, UserSession, digest

LASTS = timedelta(hours=1)
MOST = 1_000


@dataclass(frozen=True)
class Kept:
    """A sign-in that has no row yet."""

    user_id: int
    mark: str
    began_at: datetime
    ip_address: str
    user_agent: str


@dataclass
class Spare:
    """The sign-ins of this process by the hash of their token, and the newest step of an app's code by user."""

    sessions: dict[str, Kept] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def keep(user: User, token: str, ip_address: str = "", user_agent: str = "") -> None:
    """Let the token count though it could not be written."""
    spare, now = _spare(), clock.now()
    kept = Kept(user.id, digest(user.password_hash), now, ip_address[:45], user_agent[:255])
    with spare.lock:
        young = {key: each for key, each in spare.sessions.items() if each.began_at > now - LASTS}
        spare.sessions = {**dict(list(young.items())[-MOST:]), digest(token): kept}


def user_of(token: str, now: datetime) -> tuple[User, sa.Insert, Callable[[], object]] | None:
    """Whose token this is, how to write it down as soon as that can be done, and what to call once it is."""
    spare = _spare()
    kept = spare.sessions.get(digest(token))
    user = db.session.get(User, kept.user_id) if kept and kept.began_at > now - LASTS else None
    if kept is None or user is None or not user.is_enabled or digest(user.password_hash) != kept.mark:
        return None
    values = {
        "user_id": user.id, "token_hash": digest(token), "created_at": kept.began_at, "last_seen_at": now,
        "ip_address": kept.ip_address, "user_agent": kept.user_agent,
    }  # fmt: skip
    return user, sa.insert(UserSession).values(**values), partial(spare.sessions.pop, digest(token), None)


def end(token: str) -> None:
    """Sign out."""
    _spare().sessions.pop(digest(token), None)


def end_all(user: User) -> None:
    """Sign the user out of all that is kept here."""
    spare = _spare()
    with spare.lock:
        spare.sessions = {key: each for key, each in spare.sessions.items() if each.user_id != user.id}


def take_step(user: User, step: int) -> bool:
    """Whether nobody gave this step's code, or a later one, before."""
    spare = _spare()
    with spare.lock:
        is_first = step > max(user.two_factor_step, spare.steps.get(user.id, 0))
        if is_first:
            spare.steps[user.id] = step
    return is_first


def _spare() -> Spare:
    found = current_app.extensions.get("spare")
    return found or current_app.extensions.setdefault("spare", Spare())
