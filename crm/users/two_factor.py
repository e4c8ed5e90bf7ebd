"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.

The app's secret is made from the school's secret and a number kept with the user, so no backup of the database alone tells it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

import segno
import sqlalchemy as sa
from flask import current_app
from markupsafe import Markup

from crm.database import db
from crm.lib import clock
from crm.users import spare
from crm.users.entering import RecoveryCode
from crm.users.models import User
from crm.users.passwords import hash_password, is_right, make_password

PERIOD, DIGITS = 30, 6
CODES = 10


def begin(user: User) -> None:
    """Prepare a new secret for the user's app. What is set up already stays until it is ended."""
    if not user.has_two_factor:
        user.two_factor_nonce = secrets.randbits(62)
        db.session.flush()


def new_codes() -> dict[str, str]:
    """Ten recovery codes with their hashes; takes a moment, so no transaction should be open."""
    return {code: hash_password(code) for code in (make_password() for _ in range(CODES))}


def finish(user: User, code: str, recovery: dict[str, str], now: datetime) -> bool:
    """Turn two-factor on, if the code shows that the app knows the secret."""
    if user.has_two_factor or user.two_factor_nonce is None or not is_code(user, code, now):
        return False
    user.two_factor_since = now
    keep_codes(user, recovery)
    return True


def keep_codes(user: User, recovery: dict[str, str]) -> None:
    """Let these recovery codes count, and no others."""
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.add_all(RecoveryCode(user_id=user.id, start=code[:4], code_hash=kept) for code, kept in recovery.items())
    db.session.flush()


def end(user: User) -> None:
    """Turn two-factor off. Turning it off twice changes nothing."""
    user.two_factor_nonce, user.two_factor_since = None, None
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.flush()


def is_code(user: User, text: str, now: datetime | None = None) -> bool:
    """Whether this is the app's code, now or half a minute around; each code counts once, and none older than it afterwards."""
    digits = re.sub(r"\D", "", text)
    here = int((now or clock.now()).timestamp()) // PERIOD
    keys = [secret_of(user, key) for key in _keys()]
    for step in (here - 1, here, here + 1):
        if any(hmac.compare_digest(code_at(each, step), digits) for each in keys):
            return _take(user, step)
    return False


def is_recovery_code(user: User, text: str) -> bool:
    """Whether this is a recovery code of the user; then it is used up."""
    letters = re.sub(r"[^a-z0-9]", "", text.lower())
    code = "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    mine = sa.select(RecoveryCode).where(RecoveryCode.user_id == user.id, RecoveryCode.start == code[:4])
    for each in db.session.scalars(mine):
        if is_right(each.code_hash, code):
            gone = sa.delete(RecoveryCode).where(RecoveryCode.id == each.id)
            return db.session.execute(gone).rowcount == 1
    return False


def codes_left(user: User) -> int:
    """How many recovery codes the user still has."""
    return db.session.scalar(sa.select(sa.func.count()).where(RecoveryCode.user_id == user.id)) or 0


def secret_of(user: User, key: str) -> bytes:
    """The app's secret, 160 bits, under one of the school's keys."""
    return hmac.new(key.encode(), f"two-factor {user.id} {user.two_factor_nonce}".encode(), hashlib.sha256).digest()[
        :20
    ]


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step (RFC 4226, section 5.3)."""
    mac = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = mac[-1] & 15
    return str((int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)


def spelled(user: User) -> str:
    """The secret as people type it: base 32 in groups of four."""
    text = base64.b32encode(secret_of(user, _keys()[0])).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def picture(user: User, school: str) -> Markup:
    """The secret as a QR code for the app, as SVG."""
    name = quote(f"{school}:{user.email}")
    asked = urlencode({"secret": spelled(user).replace(" ", ""), "issuer": school}, quote_via=quote)
    code = segno.make(f"otpauth://totp/{name}?{asked}", error="m")
    return Markup(code.svg_inline(scale=5, border=3, dark="#000", light="#fff"))  # noqa: S704  drawn by segno


def _take(user: User, step: int) -> bool:
    """Whether nobody gave this code or a later one before; two who try at once agree."""
    later = sa.update(User).where(User.id == user.id, User.two_factor_step < step).values(two_factor_step=step)
    is_new = db.session.execute(later, execution_options={"synchronize_session": False}).rowcount == 1
    return is_new and spare.take_step(user, step)


def _keys() -> list[str]:
    return [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
