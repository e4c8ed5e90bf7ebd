"""The forms of topics, of the school's rules, and of what staff change for a contact."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from crm.lib.form_checks import choices, trimmed
from crm.preferences.habits import TIMES, HabitsForm

CHANNELS = (("email", "Email"), ("sms", "SMS"), ("whatsapp", "WhatsApp"))


class TopicForm(FlaskForm):
    """A topic."""

    name = StringField("Name", filters=[trimmed])
    description = TextAreaField(
        "What comes under it", [Length(max=300)], filters=[trimmed], description="Shown beside it where people choose."
    )
    is_default = BooleanField("Who said nothing gets it", default=True)
    is_public = BooleanField("Offered on the preference page", default=True)


class RulesForm(FlaskForm):
    """Quiet hours and the cap, for everyone."""

    quiet_hours_start = TimeField("Quiet from", [Optional()], format=TIMES)
    quiet_hours_end = TimeField("Quiet until", [Optional()], format=TIMES)
    cap = IntegerField(
        "Marketing messages at most", [InputRequired("Write a number; 0 is no limit."), NumberRange(0, 1000)],
        description="Per contact, over all channels. 0 is no limit.",
    )  # fmt: skip
    days = IntegerField("Within how many days", [InputRequired("Write a number."), NumberRange(1, 365)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Quiet hours have two ends or none."""
        is_valid = super().validate(extra_validators)
        start, end = self.quiet_hours_start, self.quiet_hours_end
        if not start.errors and not end.errors and (start.data is None) != (end.data is None):
            (end if end.data is None else start).errors = ["Say from when and until when, or leave both empty."]
            return False
        return is_valid


class ChangeForm(HabitsForm):
    """What staff change for a contact, with the reason."""

    HABITS: ClassVar[tuple[str, ...]] = (*HabitsForm.HABITS, "preferred_channel")
    preferred_channel = RadioField("Preferred channel", choices=choices(CHANNELS), default="email")
    reason = StringField(
        "Why", [InputRequired("Say where this wish comes from."), Length(max=200)], filters=[trimmed],
        description="Such as “asked on the phone”. It is kept as proof.",
    )  # fmt: skip
