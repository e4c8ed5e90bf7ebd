"""Writing a note."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from crm.lib.form_checks import choices
from crm.notes.models import KINDS
from crm.notes.operations import LONGEST


class NoteForm(FlaskForm):
    """A note about a contact."""

    content = TextAreaField("Note", [InputRequired("Write something."), Length(max=LONGEST)])
    kind = SelectField("Kind", choices=choices(KINDS.items()), default="note")
    is_pinned = BooleanField("Pin on top")


class EditNoteForm(FlaskForm):
    """Other words for a note; `seen` is the revision they replace."""

    content = TextAreaField("Note", [InputRequired("Write something."), Length(max=LONGEST)])
    kind = SelectField("Kind", choices=choices(KINDS.items()))
    seen = HiddenField()


class NewNoteForm(NoteForm):
    """A note about somebody yet to be found."""

    contact = StringField("About", [InputRequired("Say who it is about.")], description="Name or email of the contact.")
