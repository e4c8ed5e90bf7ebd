"""Passwords: what makes one good enough, how it is kept, and how one is made for somebody else."""

from __future__ import annotations

import secrets
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import current_app

SHORTEST, LONGEST = 8, 200
ADVICE = f"At least {SHORTEST} characters. A few unrelated words work well."
LIST = Path(__file__).with_name("common_passwords.txt")
"""The 3,000 most used passwords of eight characters and more, from zxcvbn's frequency lists (MIT licence)."""


def check_password(password: str, *known: str) -> None:
    """Raise ValueError, in words, for a password that is too short, too long, much used, or one of the `known` words about its owner."""
    if len(password) < SHORTEST:
        raise ValueError(f"A password needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise ValueError(f"A password may have up to {LONGEST} characters.")
    if password.lower() in _common() or len(set(password)) < 3:
        raise ValueError("Too many people use this password; it would be guessed first. Choose another.")
    if password.casefold().strip() in {word.casefold() for word in _words_of(known)}:
        raise ValueError("This password can be guessed from the name or address. Choose another.")


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return _hasher().hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password is the one stored. Takes as long when nothing is stored, and is then never right."""
    try:
        return _hasher().verify(stored or _decoy(), password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def make_password() -> str:
    """A password to hand to somebody: four groups that are easy to read out, 77 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(LIST.read_text(encoding="utf-8").split())


def _words_of(known: tuple[str, ...]) -> set[str]:
    return {part for text in known for part in (text, text.replace(" ", ""), *text.split("@"))}


def _hasher() -> PasswordHasher:
    return PasswordHasher(**current_app.config.get("ARGON2", {}))


def _decoy() -> str:
    """A hash to check against when there is no such user, made once per process."""
    extensions = current_app.extensions
    if "password_decoy" not in extensions:
        extensions["password_decoy"] = hash_password(secrets.token_urlsafe(16))
    return extensions["password_decoy"]
