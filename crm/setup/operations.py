"""The one-time code, and making the first administrator."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from flask import current_app

from crm.database import after_commit
from crm.lib import clock
from crm.settings import operations as settings
from crm.users import operations as users
from crm.users import queries as people
from crm.users.models import User

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class AlreadySetUp(Exception):
    """Somebody else was first."""


def code() -> str | None:
    """The code that opens `/setup`: made the first time, the same until it was used; None once somebody has an account.

    Kept in the instance folder, readable by its owner alone. Processes that ask at once get the same code.
    """
    if not people.is_fresh():
        return None
    path = _file()
    if not path.exists():
        _write_whole(path, "-".join(_letters(4) for _ in range(3)))
    return path.read_text().strip()


def is_code(text: str) -> bool:
    """Whether this is the code, however it is spaced and cased."""
    wanted = code()
    return wanted is not None and hmac.compare_digest(_bare(text).encode(), _bare(wanted).encode())


def set_up(email: str, name: str, password: str, school_name: str, timezone: str) -> User:
    """Make the first administrator and name the school. Of several who try at once one wins; the others get AlreadySetUp."""
    if not people.is_fresh() or not settings.save_once("SET_UP_AT", clock.now().isoformat()):
        raise AlreadySetUp
    settings.save(SCHOOL_NAME=school_name, TIMEZONE=timezone)
    user = users.create_user(email, name, "crm_admin", password, timezone)
    after_commit(forget_code)
    return user


def forget_code() -> None:
    """Remove the code. Removing it twice is harmless."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return current_app.config["INSTANCE_PATH"] / "setup-code"


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def _bare(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


def _write_whole(path: Path, text: str) -> None:
    """Put the text there unless something is there already; nobody ever reads half of it."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
