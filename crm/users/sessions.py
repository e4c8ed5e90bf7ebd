"""Who is asking: the open sign-in behind a cookie, or the API token behind a program's request.

A cookie counts on pages only and a token under `/api/v1` only, so that no page of another site can call the API with somebody's cookie.
A sign-in ends by itself after `IDLE` without a request, and `ABSOLUTE` after it began.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from flask import Flask, Request, Response, g
from flask_login import LoginManager
from sqlalchemy.engine import Engine

from crm.database import db
from crm.lib import clock
from crm.security import is_api_call
from crm.users import queries, spare
from crm.users.models import ApiToken, User, UserSession

log = logging.getLogger(__name__)
IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=10)
USED_EVERY = timedelta(minutes=1)


def init_app(app: Flask) -> None:
    """Tell Flask-Login how to find the user, and note afterwards that the sign-in or token is in use."""
    login = LoginManager(app)
    login.session_protection = None
    login.user_loader(_by_cookie)
    login.request_loader(_by_bearer)
    app.after_request(_note_use)


def _by_cookie(token: str) -> User | None:
    if is_api_call():
        return None
    now = clock.now()
    session = queries.open_session(token, idle_since=now - IDLE, began_after=now - ABSOLUTE)
    if session is None:
        return _by_spare(token, now)
    if now - session.last_seen_at > SEEN_EVERY:
        g.in_use = sa.update(UserSession).where(UserSession.id == session.id).values(last_seen_at=now)
    session.user.session_token, session.user.session_id = token, session.id
    return session.user


def _by_spare(token: str, now: datetime) -> User | None:
    """A sign-in that could not be written; it is once there is room."""
    found = spare.user_of(token, now)
    if found is None:
        return None
    user, g.in_use, g.once_written = found
    user.session_token = token
    return user


def _by_bearer(request: Request) -> User | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if not is_api_call() or kind.lower() != "bearer":
        return None
    found = queries.api_token(token.strip())
    if found is None:
        return None
    if _is_before(found.last_used_at, clock.now() - USED_EVERY):
        g.in_use = sa.update(ApiToken).where(ApiToken.id == found.id).values(last_used_at=clock.now())
    g.api_token_name = found.name
    if found.permissions is not None:
        found.user.limited_to = frozenset(found.permissions)
    return found.user


def _is_before(moment: datetime | None, limit: datetime) -> bool:
    return moment is None or moment < limit


def _note_use(response: Response) -> Response:
    """Write the time of use after the answer is out, on a connection of its own: a page that reads stays a reader."""
    statement = g.pop("in_use", None)
    if statement is not None:
        response.call_on_close(partial(_write, db.engine, statement, g.pop("once_written", None)))
    return response


def _write(engine: Engine, statement: sa.Update | sa.Insert, then: Callable[[], object] | None) -> None:
    try:
        with engine.begin() as connection:
            connection.execute(statement)
        if then:
            then()
    except sa.exc.SQLAlchemyError as error:
        log.warning("could not note when a sign-in was last used: %s", type(error).__name__)
