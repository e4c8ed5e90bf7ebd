"""Letting somebody in: the one place where a browser is given a session."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from flask import request, session
from flask_login import login_user

from crm.database import commit, is_full, rollback
from crm.lib.limits import caller
from crm.users import operations, spare
from crm.users.models import User

log = logging.getLogger(__name__)


def note(user: User | None, outcome: str) -> None:
    """Keep in the history that this browser tried to sign in, and how it ended. The caller commits."""
    operations.note_sign_in(user, outcome, request.remote_addr or "", request.user_agent.string)
    log.info("sign-in: %s, user %s from %s", outcome, user.id if user else "unknown", caller())


def enter(user: User, *, can_be_kept: bool = True) -> None:
    """Note it, let the user in and commit. On a full disk neither can be written: then the sign-in is kept in this process, if it may be."""
    try:
        note(user, "in")
        let_in(user)
        commit()
    except sa.exc.OperationalError as error:
        if not (is_full(error) and can_be_kept):
            raise
        rollback()
        session.clear()
        user.session_token = operations.new_session_token()
        spare.keep(user, user.session_token, request.remote_addr or "", request.user_agent.string)
        login_user(user)


def note_failure(user: User | None, outcome: str) -> None:
    """Note a try that led nowhere and commit; on a full disk the log alone tells."""
    try:
        note(user, outcome)
        commit()
    except sa.exc.OperationalError as error:
        if not is_full(error):
            raise
        rollback()


def let_in(user: User) -> None:
    """Open a new session with a new token, whatever the browser carried before. The caller commits."""
    session.clear()
    user.session_token = operations.open_session(user, request.remote_addr or "", request.user_agent.string)
    login_user(user)
