"""Rows for tests, committed, with believable defaults."""

from __future__ import annotations

from typing import Any

from crm.audiences.models import Audience
from crm.contacts.indexing import reindex
from crm.contacts.models import Contact
from crm.database import db
from crm.tags.models import Tag
from crm.users.models import User
from crm.users.operations import create_user

PASSWORD = "correct horse battery"


def user(name: str, role: str = "crm_admin") -> User:
    """A member of staff who signs in with PASSWORD."""
    made = create_user(f"{name}@school.example", name.title(), role, PASSWORD)
    db.session.commit()
    return made


def contact(**values: Any) -> Contact:
    """A contact; Carla unless said otherwise."""
    values = {"first_name": "Carla", "last_name": "Diaz", "email": "carla@example.com", **values}
    made = Contact(**values)
    db.session.add(made)
    db.session.flush()
    reindex([made.id])
    db.session.commit()
    return made


def tag(name: str = "Interested", **values: Any) -> Tag:
    """A tag whose slug is its name in lower case."""
    made = Tag(**{"name": name, "slug": name.lower().replace(" ", "-"), **values})
    db.session.add(made)
    db.session.commit()
    return made


def audience(name: str = "Regulars", condition: dict[str, Any] | None = None, **values: Any) -> Audience:
    """A static audience, or a dynamic one that nobody has gathered yet when there is a condition."""
    kind = "dynamic" if condition else "static"
    slug = name.lower().replace(" ", "-")
    made = Audience(**{"name": name, "slug": slug, "kind": kind, "condition": condition, **values})
    db.session.add(made)
    db.session.commit()
    return made
