"""Forms made of a contact's fields. The rules are in `fieldset`, so these check nothing themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, SelectField, StringField, TelField
from wtforms.widgets import DateInput

from crm.contacts.fieldset import Detail
from crm.lib.form_checks import choices

UNSET = ("", "Not set")
ALWAYS_SET = {"lifecycle_stage"}


def form_of(details: Iterable[Detail]) -> type[FlaskForm]:
    """A form with a control for each of these fields."""
    return type("ContactForm", (FlaskForm,), {each.key: _control(each) for each in details})


def show_problems(form: FlaskForm, problems: Mapping[str, str]) -> None:
    """Put what an operation refused beside the fields it is about."""
    for field in form:
        field.errors = [problems[field.name]] if field.name in problems else []


def values_of(form: FlaskForm, details: Iterable[Detail]) -> dict[str, Any]:
    """What was written, by field."""
    return {each.key: form[each.key].data or "" for each in details}


def _control(detail: Detail) -> Field:
    if detail.kind == "choice":
        unset = [] if detail.key in ALWAYS_SET else [UNSET]
        return SelectField(
            detail.label, choices=choices([*unset, *detail.choices()]), validate_choice=False, description=detail.hint
        )
    if detail.kind == "date":
        return StringField(detail.label, widget=DateInput(), description=detail.hint)
    kinds = {"email": EmailField, "tel": TelField}
    return kinds.get(detail.kind, StringField)(detail.label, description=detail.hint)
