"""To whom things go."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import Optional

from crm.lib.form_checks import choices
from crm.users.models import User
from crm.users.queries import users_by_name


class DepartureForm(FlaskForm):
    """Who takes the contacts, and who the rest."""

    contacts_to = SelectField("Contacts go to", validators=[Optional()])
    rest_to = SelectField("Open tasks, tasks from workflows and shared views go to", validators=[Optional()])


def form_for(user: User) -> DepartureForm:
    """The form with those who stay and may see contacts."""
    form = DepartureForm()
    people = [each for each in users_by_name() if each.id != user.id and each.can("crm.contacts.view")]
    options = choices([("", "Nobody yet: they stay as they are"), *((str(each.id), each.name) for each in people)])
    form.contacts_to.choices = form.rest_to.choices = options
    return form
