"""The links of invitations and password resets: signed from the row's id and nonce, so that they are kept nowhere and read from no backup."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from flask import current_app

from crm.database import db
from crm.lib.tokens import tokens
from crm.users.entering import Invitation, MailedLink, PasswordReset

Link = TypeVar("Link", Invitation, PasswordReset)
PATHS: dict[type[MailedLink], str] = {Invitation: "invitation", PasswordReset: "reset"}
"""Where each kind leads, and what its tokens are signed for."""


def url_of(link: Invitation | PasswordReset) -> str:
    """The whole address, for an email or to hand over."""
    path = PATHS[type(link)]
    return f"{current_app.config['PUBLIC_URL']}/{path}/{tokens().sign(path, link.id, link.nonce)}"


def link_of(kind: type[Link], token: str, now: datetime) -> Link | None:
    """The invitation or reset behind a token while it counts: neither used, nor replaced, nor expired."""
    numbers = tokens().read(PATHS[kind], token) or ()
    link = db.session.get(kind, numbers[0]) if len(numbers) == 2 and numbers[0] < 2**63 else None
    return link if link is not None and link.nonce == numbers[1] and link.is_good(now) else None


def is_mailed() -> bool:
    """Whether email leaves the house; otherwise an administrator hands the links over."""
    return bool(current_app.config["SMTP_URL"])
