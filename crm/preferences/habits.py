"""How often, and when not: the fields that the reader's page and the staff's form share."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import Form, RadioField, TimeField
from wtforms.validators import Optional

from crm.lib.form_checks import choices
from crm.preferences.models import FREQUENCIES

TIMES = ["%H:%M", "%H:%M:%S"]


class HabitsForm(Form):
    """Quiet hours have two ends or none."""

    HABITS: ClassVar[tuple[str, ...]] = ("frequency", "quiet_hours_start", "quiet_hours_end")
    frequency = RadioField("How often", choices=choices(FREQUENCIES.items()), default="all")
    quiet_hours_start = TimeField("Quiet from", [Optional()], format=TIMES)
    quiet_hours_end = TimeField("Quiet until", [Optional()], format=TIMES)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then whether one end is missing."""
        is_valid = super().validate(extra_validators)
        start, end = self.quiet_hours_start, self.quiet_hours_end
        if not start.errors and not end.errors and (start.data is None) != (end.data is None):
            missing = end if end.data is None else start
            missing.errors = ["Say from when and until when, or leave both empty."]
            return False
        return is_valid

    def habits(self) -> dict[str, Any]:
        """What was chosen."""
        return {key: self[key].data for key in self.HABITS}
