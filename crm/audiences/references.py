"""Audiences that speak of audiences: which ones a condition refers to, and whether that would go in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crm.audiences.models import Audience
from crm.conditions.reading import Clause, Group, read_condition
from crm.database import db

FIELD = "audience"


def audiences_in(condition: Any) -> set[int]:
    """The ids of the audiences a condition refers to."""
    return set(_named(read_condition(condition).tree))


def circle(audience: Audience, condition: Any) -> Audience | None:
    """The audience through which this condition would lead back to `audience`: itself, or one that depends on it."""
    for each in sorted(audiences_in(condition)):
        if _leads_to(each, audience.id, set()):
            return db.session.get(Audience, each)
    return None


def _leads_to(start: int, target: int, seen: set[int]) -> bool:
    if start == target:
        return True
    if start in seen:
        return False
    seen.add(start)
    found = db.session.get(Audience, start)
    return found is not None and any(_leads_to(each, target, seen) for each in audiences_in(found.condition))


def _named(node: Clause | Group) -> Iterator[int]:
    if isinstance(node, Group):
        for child in node.children:
            yield from _named(child)
    elif node.field and node.field.key == FIELD:
        for value in node.values:
            yield from value if isinstance(value, list) else [value]
