"""A form field that holds a condition as JSON."""

from __future__ import annotations

import json
from typing import Any

from wtforms import TextAreaField
from wtforms.validators import ValidationError

from crm.conditions.reading import validate


class ConditionField(TextAreaField):
    """A condition, edited as its JSON."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            self.data = json.loads(valuelist[0]) if valuelist and valuelist[0].strip() else {}
        except ValueError:
            self.data = {}
            raise ValueError("This is no condition.") from None

    def _value(self) -> str:
        return json.dumps(self.data or {})

    def pre_validate(self, _form: object) -> None:
        problems = validate(self.data)
        if problems:
            raise ValidationError(problems[0].message)
