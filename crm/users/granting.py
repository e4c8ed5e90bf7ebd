"""Who may give which role, and change whose account: nobody more than they hold themselves."""

from __future__ import annotations

from crm.users import queries
from crm.users.models import User
from crm.users.roles import ALL, REACH, ROLES

WIDTH = {reach: -number for number, reach in enumerate(REACH)}


def check_grant(by: User, role: str) -> None:
    """Raise ValueError, in words, for a role that does not exist or grants what `by` lacks."""
    check_rights(by, *_rights(role))


def check_rights(by: User, permissions: frozenset[str], reach: str) -> None:
    """Raise ValueError for rights beyond those of `by`."""
    if not permissions <= by.permissions or WIDTH[reach] > WIDTH[by.reach]:
        raise ValueError("This role may do more than you may. Ask somebody who holds it.")


def check_account(by: User, user: User) -> None:
    """Raise ValueError when the account may do more than `by`: a new password for it would be its rights for `by`."""
    if not user.permissions <= by.permissions or WIDTH[user.reach] > WIDTH[by.reach]:
        raise ValueError(f"{user.name} may do more than you may. Ask an administrator.")


def _rights(role: str) -> tuple[frozenset[str], str]:
    made = queries.role(role)
    if role in ROLES:
        reach = (made.reach if made else "own") if role == "crm_agent" else "all"
        return ROLES[role], reach
    if made is None:
        raise ValueError(f"“{role}” is no role. The roles are {', '.join(queries.role_labels())}.")
    return ALL & frozenset(made.permissions), made.reach
