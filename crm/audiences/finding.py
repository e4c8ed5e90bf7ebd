"""Finding audiences by name."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from crm.audiences.queries import all_audiences
from crm.lib.words import best
from crm.users.finding import Finder, Found
from crm.users.models import User


def _find(_viewer: User, text: str, limit: int) -> Sequence[Found]:
    found = best(text, ((each.name, each) for each in all_audiences()), limit)
    return [Found(each.name, url_for("audiences.show", audience_id=each.id)) for each in found]


FINDER = Finder("Audiences", "target", _find, "crm.contacts.view")
