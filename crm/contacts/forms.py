"""Forms made of a contact's fields. The rules are in `fieldset`, so these check nothing themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, SelectField, SelectMultipleField, StringField, TelField, URLField
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from crm.conditions.forms import ConditionField
from crm.contacts.fieldset import Detail
from crm.lib.form_checks import choices, trimmed

UNSET = ("", "Not set")
ALWAYS_SET = {"lifecycle_stage"}


def form_of(details: Iterable[Detail]) -> type[FlaskForm]:
    """A form with a control for each of these fields."""
    return type("ContactForm", (FlaskForm,), {each.key: CONTROLS[each.kind](each) for each in details})


def show_problems(form: FlaskForm, problems: Mapping[str, str]) -> None:
    """Put what an operation refused beside the fields it is about."""
    for field in form:
        field.errors = [problems[field.name]] if field.name in problems else []


def values_of(form: FlaskForm, details: Iterable[Detail]) -> dict[str, Any]:
    """What was written, by field."""
    return {each.key: form[each.key].data or "" for each in details}


def _text(detail: Detail) -> Field:
    return StringField(detail.label, description=detail.hint)


def _choice(detail: Detail) -> Field:
    unset = [] if detail.key in ALWAYS_SET else [UNSET]
    return SelectField(
        detail.label, choices=choices([*unset, *detail.choices()]), validate_choice=False, description=detail.hint
    )


def _choices(detail: Detail) -> Field:
    return SelectMultipleField(
        detail.label, choices=choices(detail.choices()), validate_choice=False, description=detail.hint,
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip


CONTROLS: dict[str, Callable[[Detail], Field]] = {
    "text": _text,
    "contact": lambda detail: EmailField(detail.label, description=detail.hint),
    "email": lambda detail: EmailField(detail.label, description=detail.hint),
    "tel": lambda detail: TelField(detail.label, description=detail.hint),
    "url": lambda detail: URLField(detail.label, description=detail.hint),
    "number": lambda detail: StringField(detail.label, description=detail.hint, render_kw={"inputmode": "decimal"}),
    "date": lambda detail: StringField(detail.label, widget=DateInput(), description=detail.hint),
    "choice": _choice,
    "choices": _choices,
}
"""Kind of a field → the control it is written with."""


class ConditionForm(FlaskForm):
    """What the list is narrowed to."""

    condition = ConditionField("Contacts")


class ViewForm(FlaskForm):
    """What a saved view is called and who has it."""

    name = StringField("Name", filters=[trimmed])
    is_shared = BooleanField("Shared", description="Everybody who sees contacts can use it, each for their own.")
