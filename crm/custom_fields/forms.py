"""The form of a custom field. The rules are in `operations`, so it checks nothing itself."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from crm.custom_fields.kinds import KINDS
from crm.lib.form_checks import choices as select_choices
from crm.lib.form_checks import trimmed


class CustomFieldForm(FlaskForm):
    """What the field is called and offers; kind and key are asked once."""

    label = StringField("Name", filters=[trimmed])
    kind = SelectField("Kind", choices=select_choices((key, kind.label) for key, kind in KINDS.items()))
    choices = TextAreaField("Choices", description="One on each line. For the kinds Choice and Multiple choice.")
    help = StringField("Help", filters=[trimmed], description="A line shown beside the field.")
    is_required = BooleanField("Has to be filled in", description="Asked for when a contact is added by hand.")
    key = StringField(
        "Key", filters=[trimmed], description="The name in merge tags, files and the API. Made of the name if empty."
    )
