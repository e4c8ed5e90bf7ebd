"""A backup may be larger than any other file: its upload is let through, for those who may restore it."""

from __future__ import annotations

from flask import request
from flask_login import current_user

LARGEST = 64 * 1024**3


def accept_large() -> None:
    """Before the form of an upload is read."""
    if request.endpoint == "backups.upload" and current_user.is_authenticated:
        request.max_content_length = LARGEST
