"""Roles the school makes, and what it chooses about the four."""

from __future__ import annotations

import secrets
from collections.abc import Collection

import sqlalchemy as sa

from crm.database import db
from crm.users import queries
from crm.users.granting import check_rights
from crm.users.models import Role, User
from crm.users.roles import ALL, REACH, ROLE_LABELS, ROLES


def save_role(
    role: Role | None, name: str, permissions: Collection[str], reach: str, needs_two_factor: bool, by: User
) -> Role:
    """Make a role, or change one the school made; in force at the next click of who has it. Raises ValueError in words."""
    chosen = ALL & frozenset(permissions)
    if reach not in REACH:
        raise ValueError("Choose whose contacts the role sees.")
    if role is not None:
        check_rights(by, ALL & frozenset(role.permissions), role.reach)
    check_rights(by, chosen, reach)
    if role is not None and by.role == role.key and "crm.settings.manage" not in chosen:
        raise ValueError("This is your own role: without managing settings and people you could not come back here.")
    role = role or Role(key=f"role_{secrets.token_hex(4)}")
    role.name, role.permissions, role.reach = _name(name, role), sorted(chosen), reach
    role.needs_two_factor = needs_two_factor
    db.session.add(role)
    db.session.flush()
    return role


def choose(key: str, reach: str, needs_two_factor: bool, by: User) -> Role:
    """What a school may choose about one of the four: two-factor, and for agents whose contacts they see. Raises ValueError."""
    check_rights(by, ROLES[key], "all" if key != "crm_agent" else "team")
    if key == "crm_agent" and reach not in {"own", "team"}:
        raise ValueError("Agents see the contacts assigned to them, or their teams’ as well.")
    role = queries.role(key) or Role(key=key, name=ROLE_LABELS[key])
    role.reach = reach if key == "crm_agent" else "all"
    role.needs_two_factor = needs_two_factor
    db.session.add(role)
    db.session.flush()
    return role


def delete_role(role: Role, by: User) -> None:
    """Remove a role nobody has. Raises ValueError while somebody does."""
    check_rights(by, ALL & frozenset(role.permissions), role.reach)
    if count := queries.users_with_role(role.key):
        raise ValueError(f"{count} {'person has' if count == 1 else 'people have'} this role. Give them another first.")
    db.session.delete(role)
    db.session.flush()


def _name(name: str, role: Role) -> str:
    """The name, if it can be one and is free."""
    name = " ".join(name.split())
    if not 0 < len(name) <= 60:
        raise ValueError("Give the role a name of up to 60 characters.")
    twin = db.session.scalar(sa.select(Role.key).where(sa.func.lower(Role.name) == name.lower(), Role.key != role.key))
    if twin or name.lower() in {label.lower() for label in ROLE_LABELS.values()}:
        raise ValueError(f"There is already a role “{name}”.")
    return name
