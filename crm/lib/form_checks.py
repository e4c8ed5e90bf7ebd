"""Rules of the product as validators of forms: a check that raises ValueError in words becomes an error beside the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask_wtf import FlaskForm
from wtforms import Field, ValidationError
from wtforms.fields.choices import SelectChoice


class Passes:
    """The field's text passes `check(text)`. Such a field has to be filled in."""

    field_flags = {"required": True}

    def __init__(self, check: Callable[[str], object]) -> None:
        self.check = check

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        say(self.check, field.data or "")


def say(check: Callable[..., object], *values: str) -> None:
    """Run the check; what it finds wrong is raised as the form's own kind of error."""
    try:
        check(*values)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Choices of a select or radio field, from (value, label)."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def trimmed(value: str | None) -> str:
    """A filter: what was typed, without the spaces around it."""
    return (value or "").strip()
