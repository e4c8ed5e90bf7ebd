"""Where a thing is used: who speaks of a tag or an audience in conditions and configurations, asked before it is deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import current_app


@dataclass(frozen=True)
class Use:
    """Something that refers to a thing, and where it is looked at."""

    label: str
    url: str


@dataclass(frozen=True)
class Mentioned:
    """A thing others refer to, by id or slug: as a value of the condition `field`, or under `key` in a configuration."""

    key: str
    field: str
    refs: frozenset[str]

    def is_in(self, value: Any) -> bool:
        """Whether these conditions or configurations, any JSON, speak of the thing."""
        return self._speaks(value, False)

    def _speaks(self, value: Any, is_about_it: bool) -> bool:
        if isinstance(value, list):
            return any(self._speaks(each, is_about_it) for each in value)
        if isinstance(value, dict):
            is_clause = value.get("field") == self.field
            return any(self._speaks(each, key == self.key or is_clause) for key, each in value.items())
        return is_about_it and str(value) in self.refs


@dataclass(frozen=True)
class MentionedByName(Mentioned):
    """A thing others refer to by its name alone, wherever it stands as a whole word: in conditions and in merge tags."""

    name: str = ""

    def is_in(self, value: Any) -> bool:
        if isinstance(value, dict | list):
            return any(self.is_in(each) for each in (value.values() if isinstance(value, dict) else value))
        return isinstance(value, str) and re.search(rf"\b{re.escape(self.name)}\b", value) is not None


def uses_of(thing: Mentioned) -> list[Use]:
    """Everything that refers to the thing, feature by feature in the order of the map."""
    return [use for find in current_app.extensions["where_used"] for use in find(thing)]
