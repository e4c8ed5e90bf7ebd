"""SMTP's bytes and ours: what a server said in words, and a message as DATA wants it."""

from __future__ import annotations

import re
from functools import lru_cache

from crm.providers.mail import Envelope

_REPLY = re.compile(rb"(\d{3})([ -]?)(.*)", re.DOTALL)


def is_ascii(envelope: Envelope) -> bool:
    """Whether both addresses can go to any server."""
    return envelope.sender.isascii() and envelope.recipient.isascii()


@lru_cache(maxsize=256)
def as_text(reply: bytes) -> str:
    """What a server said, on one line. Five answers a message, mostly the same four."""
    return " ".join(reply.decode("utf-8", "replace").split())[:400]


@lru_cache(maxsize=256)
def taken_apart(line: bytes) -> tuple[int, bool, bytes]:
    """The code of a line of an answer, -1 if it has none, whether the answer ends with it, and its words."""
    found = _REPLY.match(line)
    if found is None:
        return -1, True, line
    code, more, words = found.groups()
    return int(code), more != b"-", words.strip()


def in_words(error: Exception) -> str:
    """What went wrong with a connection."""
    return (
        "it did not answer in time"
        if isinstance(error, TimeoutError)
        else as_text(str(error).encode("utf-8", "replace")) or type(error).__name__
    )


def stuffed(data: bytes) -> bytes:
    """The message as DATA wants it: a dot at the start of a line doubled, and a line end at its end (RFC 5321 4.5.2)."""
    if data.startswith(b"."):
        data = b"." + data
    if b"\n." in data:
        data = data.replace(b"\n.", b"\n..")
    return data if data.endswith(b"\r\n") else data + b"\r\n"
