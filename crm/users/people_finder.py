"""Finding people of the school by name or address."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from crm.lib.words import best
from crm.users.finding import Finder, Found
from crm.users.models import User
from crm.users.queries import everyone


def _find(_viewer: User, text: str, limit: int) -> Sequence[Found]:
    named = [(f"{each.name} {each.email}", each) for each in everyone()]
    return [
        Found(each.name, url_for("people.show", user_id=each.id), each.role_label) for each in best(text, named, limit)
    ]


FINDER = Finder("People", "users-group", _find, "crm.settings.manage")
