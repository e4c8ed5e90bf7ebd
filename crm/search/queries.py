"""What a text finds, in groups, within what the viewer may see and do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import current_app, url_for

from crm.lib.words import best
from crm.users.finding import Finder, Found
from crm.users.models import User


@dataclass(frozen=True)
class Group:
    """What was found of one kind. `all_url` leads to the rest, if there may be more."""

    label: str
    icon: str
    found: Sequence[Found]
    all_url: str | None = None


def look_for(viewer: User, text: str, limit: int = 6) -> list[Group]:
    """What this text finds; without a text, what can be done and where one can go."""
    groups = [*_things(viewer, text, limit), *_ways_on(viewer, text, limit)] if text else [*_ways_on(viewer, "", 40)]
    return [group for group in groups if group.found]


def _things(viewer: User, text: str, limit: int) -> Iterator[Group]:
    finders: Sequence[Finder] = current_app.extensions["finders"]
    for each in finders:
        if not each.permission or viewer.can(each.permission):
            found = each.find(viewer, text, limit)
            has_more = each.all_url and len(found) == limit
            yield Group(each.label, each.icon, found, each.all_url(text) if each.all_url and has_more else None)


def _ways_on(viewer: User, text: str, limit: int) -> Iterator[Group]:
    for label, icon, kind in (("Do", "bolt", "actions"), ("Go to", "arrow-right", "places")):
        named = [(each.label, each) for each in current_app.extensions[kind](viewer)]
        chosen = best(text, named, limit) if text else [each for _, each in named]
        yield Group(label, icon, [Found(each.label, url_for(each.endpoint)) for each in chosen])
