"""Rules of the product as validators of forms: a check that raises ValueError in words becomes an error beside the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

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


OVERTAKEN = "Somebody else changed this while you were writing. Save again to replace their changes."


def is_overtaken(form: FlaskForm, version: str) -> bool:
    """Whether the thing is another than the one the form (field `seen`) was filled from; said on the form, which then knows the present one."""
    seen: Any = form["seen"]
    is_other = bool(seen.data) and seen.data != version
    seen.data = version
    if is_other:
        form.form_errors.append(OVERTAKEN)
    return is_other


def choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Choices of a select or radio field, from (value, label)."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def trimmed(value: str | None) -> str:
    """A filter: what was typed, without the spaces around it."""
    return (value or "").strip()
