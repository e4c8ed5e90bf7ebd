"""A condition as a field of any form.

    class FilterForm(FlaskForm):
        condition = ConditionField("Who", needs_clause=True)

`ui.field(form.condition)` draws the builder, `form.condition.data` is the condition as JSON. Declared so, it works with
and without JavaScript: a press on one of the builder's own buttons makes the form invalid without a message, so that
the route shows the form again (422), now with the clause added or removed.
"""

import json
from typing import Any

from flask import render_template
from markupsafe import Markup
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from crm.conditions.builder import Builder
from crm.conditions.posting import is_edited, read_posted
from crm.conditions.reading import Problem, validate

EMPTY = {"match": "all", "conditions": []}


class BuilderWidget:
    """Draws the builder; the piece is documented in templates/conditions/_builder.html."""

    def __call__(self, field: "ConditionField", narrows: bool = False, **attributes: Any) -> Markup:  # noqa: ARG002
        builder = Builder(field.name, field.data or EMPTY, field.problems, narrows=narrows)
        return Markup(render_template("conditions/_builder.html", builder=builder))  # noqa: S704


class ConditionField(Field):
    """A condition. Takes the builder's inputs, or one input of this name with JSON; `needs_clause` refuses "everyone"."""

    widget = BuilderWidget()

    def __init__(self, label: str | None = None, validators: Any = None, needs_clause: bool = False, **options: Any):
        super().__init__(label, validators, **options)
        self.needs_clause = needs_clause
        self.problems: list[Problem] = []
        self.is_edited = False

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        if formdata is None:
            return
        if f"{self.name}-match" in formdata:
            self.data, self.is_edited = read_posted(formdata, self.name), is_edited(formdata, self.name)
        elif self.name in formdata:
            self._read_json(formdata[self.name])
        elif formdata:
            self.data = None

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        if self.is_edited:
            self.errors = ()
            return False
        self.problems = validate(self.data)
        return super().validate(form, extra_validators)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        if self.process_errors:
            return
        if any(not problem.path for problem in self.problems):
            raise ValidationError(self.problems[0].message)
        if self.problems:
            raise ValidationError("Please complete the marked conditions.")
        if self.needs_clause and not (self.data or EMPTY)["conditions"]:
            raise ValidationError("Add at least one condition.")

    def _read_json(self, text: str) -> None:
        try:
            self.data = json.loads(text) if text.strip() else None
        except (ValueError, RecursionError):
            self.process_errors.append("This is not a condition.")
