"""What is forgotten with time."""

from __future__ import annotations

from crm.database import commit
from crm.queue import job
from crm.users import operations, resetting


@job
def forget_sign_ins() -> None:
    """Remove old tries to sign in, and old password resets."""
    operations.forget_sign_ins()
    resetting.forget_links()
    commit()
