"""Letting somebody in: the one place where a browser is given a session."""

from __future__ import annotations

import logging

from flask import request, session
from flask_login import login_user

from crm.lib.limits import caller
from crm.users import operations
from crm.users.models import User

log = logging.getLogger(__name__)


def note(user: User | None, outcome: str) -> None:
    """Keep in the history that this browser tried to sign in, and how it ended. The caller commits."""
    operations.note_sign_in(user, outcome, request.remote_addr or "", request.user_agent.string)
    log.info("sign-in: %s, user %s from %s", outcome, user.id if user else "unknown", caller())


def let_in(user: User) -> None:
    """Open a new session with a new token, whatever the browser carried before. The caller commits."""
    session.clear()
    user.session_token = operations.open_session(user, request.remote_addr or "", request.user_agent.string)
    login_user(user)
