"""Finding tags by name; a tag leads to the contacts who wear it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from crm.lib.words import best
from crm.tags.queries import all_tags
from crm.users.finding import Finder, Found
from crm.users.models import User


def _find(_viewer: User, text: str, limit: int) -> Sequence[Found]:
    found = best(text, ((each.name, each) for each in all_tags()), limit)
    return [Found(each.name, url_for("contacts.index", tag=each.slug), "its contacts") for each in found]


FINDER = Finder("Tags", "tags", _find, "crm.contacts.view")
