"""Giving many contacts the same value in a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from crm.activity.vocabulary import Actor
from crm.bulk.kinds.kind import Kind
from crm.contacts.fieldset import Detail, details_for, parse_all
from crm.contacts.many import change_many, restore_many
from crm.lib.form_checks import choices, trimmed
from crm.users.models import User

PERSONAL = {"first_name", "last_name", "email", "phone", "birthday", "external_id", "guardian", "referrer", "owner"}
"""Fields that no two contacts share, or that have an action of their own."""


class FieldForm(FlaskForm):
    """Which field, and what to write in it."""

    field = SelectField("Field", validate_choice=False)
    value = StringField(
        "Value",
        filters=[trimmed],
        description="As in a file: a name, a date, yes or no. Empty clears the field.",
        render_kw={"list": "every-value", "autocomplete": "off"},
    )


class SetField(Kind):
    """Undoing gives back what each contact had, where it is still what was set."""

    key = "set_field"
    label = "Set a field"
    icon = "writing"
    button = "Set field"
    Form = FieldForm

    def form(self, user: User) -> FlaskForm:
        form: Any = super().form(user)
        form.field.choices = choices((each.key, each.label) for each in settable(user))
        return form

    def params(self, form: Any, user: User) -> dict[str, Any]:
        detail = next((each for each in settable(user) if each.key == form.field.data), None)
        if detail is None:
            raise ValueError("Choose a field.")
        text = _by_label(detail, form.value.data or "")
        clean, problems = parse_all({detail.key: text})
        if problems:
            raise ValueError(next(iter(problems.values())))
        value = next(iter(clean.values()))
        return {"field": detail.key, "label": detail.label, "text": text, "words": detail.words_for(value)}

    def title(self, params: Mapping[str, Any]) -> str:
        return f"Set {params['label']} to “{params['words']}”" if params["words"] else f"Clear {params['label']}"

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:
        return change_many(ids, params["field"], params["text"], by)

    def undo(self, changes: Mapping[int, Any], params: Mapping[str, Any], by: Actor) -> None:
        restore_many(changes, params["field"], params["text"], by)


def settable(user: User) -> list[Detail]:
    """The fields of which many contacts may be given one value."""
    return [each for each in details_for(user) if each.key not in PERSONAL]


def suggested(user: User) -> list[tuple[str, str]]:
    """What may be written in fields of few choices: each choice, and the label of its field."""
    known = [
        each for each in settable(user) if each.kind == "choice" and each.key not in {"timezone", "country", "language"}
    ]
    return [(label, each.label) for each in known for value, label in each.choices() if value]


def _by_label(detail: Detail, text: str) -> str:
    """The value of the choice with this label, else what was written."""
    labels = {label.casefold(): value for value, label in detail.choices()} if detail.kind == "choice" else {}
    return labels.get(text.casefold(), text)
