"""Sign-ins that ended long ago go with where they came from."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.database import db, table_of
from crm.users.entering import SignIn
from crm.users.models import UserSession
from crm.users.sessions import IDLE

_sessions, _tries = table_of(UserSession), table_of(SignIn)


def forget_sessions(before: datetime, limit: int) -> int:
    """Remove up to `limit` sign-ins last used before that moment, which all have ended by themselves; how many those were."""
    old = sa.select(_sessions.c.id).where(_sessions.c.last_seen_at < before - IDLE).limit(limit)
    # on the connection, past the audit log: nobody signed out
    return db.session.connection().execute(sa.delete(_sessions).where(_sessions.c.id.in_(old))).rowcount


def forget_tries(before: datetime, limit: int) -> int:
    """Remove up to `limit` tries to sign in from before that moment; how many those were."""
    old = sa.select(_tries.c.id).where(_tries.c.happened_at < before).limit(limit)
    return db.session.execute(sa.delete(_tries).where(_tries.c.id.in_(old))).rowcount
