"""What triggers and steps have in common: a configuration drawn from a form, checked by it, and said in a sentence."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import Form

from crm.automation.references import Reference

LONGEST = 200_000
"""Characters of one value that a configuration takes."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a configuration, and under which of its keys; an empty key means all of it."""

    key: str
    text: str


class Declared:
    """A type of trigger or step. Its docstring is the help text people read in the editor."""

    kind: ClassVar[str]
    label: ClassVar[str]
    group: ClassVar[str]
    icon: ClassVar[str]
    references: ClassVar[Mapping[str, Reference]] = {}
    """Keys of the configuration that point at something that can be deleted."""
    Form: ClassVar[type[Form]] = Form

    @property
    def help(self) -> str:
        """The help text."""
        return inspect.getdoc(type(self)) or ""

    def form(self, posted: Any = None, config: Mapping[str, Any] | None = None) -> Form:
        """The form: what was posted, or the configuration as it is stored."""
        return self.Form(posted, data=dict(config or {}))

    def config_of(self, form: Form) -> dict[str, Any]:
        """The configuration a valid form describes."""
        return {key: value for key, value in form.data.items() if value not in (None, "", False)}

    def summary(self, config: Mapping[str, Any]) -> str:  # noqa: ARG002
        """The configuration as one sentence."""
        return self.label

    def problems(self, config: Any) -> list[Problem]:
        """Everything wrong with a configuration, deleted references included. Takes any JSON and never raises."""
        if not isinstance(config, dict):
            return [Problem("", "The configuration must be an object.")]
        form = self.form(_as_posted(self.settled(config)))
        form.validate()
        gone = self.missing(config)
        told = {each.key for each in gone}
        found = [
            Problem(key or "", str(text)) for key, texts in form.errors.items() if key not in told for text in texts
        ]
        unknown = [Problem(str(key), "There is no such setting.") for key in config if key not in form]
        return gone + found + unknown

    def missing(self, config: Mapping[str, Any]) -> list[Problem]:
        """What the configuration points at that is no longer there."""
        return [
            Problem(key, f"The {reference.noun} was deleted.")
            for key, reference in self.references.items()
            if config.get(key) not in (None, "") and reference.find(config[key]) is None
        ]

    def settled(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration with slugs replaced by ids where the thing exists."""
        found = {key: reference.find(config.get(key)) for key, reference in self.references.items()}
        return {**config, **{key: number for key, number in found.items() if number is not None}}

    def cleaned(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration without problems, in the types the form gives."""
        return self.config_of(self.form(_as_posted(self.settled(config))))


def _as_posted(config: Mapping[str, Any]) -> MultiDict[str, str]:
    """A configuration as a browser would post it, so that one set of rules checks both."""
    return MultiDict((str(key), _text(value)) for key, value in config.items() if value not in (None, False))


def _text(value: Any) -> str:
    if value is True:
        return "y"
    text = value if isinstance(value, str) else _json(value)
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST]


def _json(value: Any) -> str:
    try:
        return json.dumps(value, default=str)
    except (RecursionError, ValueError):
        return ""
