"""What a list is narrowed to, in words that can be taken off one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import url_for

from crm.conditions.sentences import sentence
from crm.contacts.listing import Wanted, condition_text, filters_for
from crm.users.models import User


class Chip(NamedTuple):
    """One thing the list is narrowed to, and the list without it."""

    label: str
    value: str
    without_url: str


def chips_of(wanted: Wanted, viewer: User) -> list[Chip]:
    """Words, chosen filters, and the clauses of the condition: each its own where all must hold, together otherwise."""
    return [*_words(wanted), *_filters(wanted, viewer), *_clauses(wanted)]


def _words(wanted: Wanted) -> Iterator[Chip]:
    if wanted.text:
        yield Chip("", f"“{wanted.text}”", _url(wanted.query(q=None)))


def _filters(wanted: Wanted, viewer: User) -> Iterator[Chip]:
    for each in filters_for(viewer):
        labels = {choice.value: choice.label for choice in each.choices()} if each.key in wanted.chosen else {}
        for value in wanted.chosen.get(each.key, ()):
            yield Chip(each.label, labels.get(value, value), _url(wanted.without(each.key, value).query()))


def _clauses(wanted: Wanted) -> Iterator[Chip]:
    tree = wanted.tree
    if not tree:
        return
    clauses = tree["conditions"] if isinstance(tree["conditions"], list) else [tree]
    if tree.get("match", "all") != "all" or len(clauses) < 2:
        yield Chip("", sentence(tree), _url(wanted.query(**{"if": None})))
        return
    for index, clause in enumerate(clauses):
        left = {**tree, "conditions": [*clauses[:index], *clauses[index + 1 :]]}
        yield Chip("", sentence({"conditions": [clause]}), _url(wanted.query(**{"if": condition_text(left) or None})))


def _url(query: dict[str, Any]) -> str:
    return url_for("contacts.index", **query)
