"""The forms of rules, absences and handing over."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from crm.conditions.forms import ConditionField
from crm.contacts.fieldset import countries, teams
from crm.lib.form_checks import choices
from crm.ownership.queries import today
from crm.users.queries import everyone, users_by_name

SOME = [DataRequired("Choose at least one person.")]


class RuleForm(FlaskForm):
    """A rule."""

    name = StringField("Name", validators=[InputRequired("Give the rule a name."), Length(max=120)])
    country = SelectField("Country", validators=[Optional()])
    city = StringField("City", validators=[Length(max=120)])
    source = StringField("Source", validators=[Length(max=120)])
    people = SelectMultipleField("Given to, in turn", coerce=int)
    team_id = SelectField("Or to everybody in a team, in turn", coerce=int, filters=[lambda chosen: chosen or 0])
    condition = ConditionField("Only contacts who also match (none: everyone)")

    def validate_people(self, field: SelectMultipleField) -> None:
        """Somebody has to get them."""
        if not field.data and not self.team_id.data:
            raise ValidationError("Choose at least one person or a team.")


class AbsenceForm(FlaskForm):
    """Somebody is away."""

    person = SelectField("Who", coerce=int)
    last_on = DateField("Away until, that day included", validators=[InputRequired("Name the last day away.")])

    def validate_last_on(self, field: DateField) -> None:
        """A day that is not over, on the school's calendar; one that is would mean nothing."""
        if field.data and field.data < today():
            raise ValidationError("That day is over.")


class HandoverForm(FlaskForm):
    """From one to others."""

    giver = SelectField("Contacts of", coerce=int)
    takers = SelectMultipleField("Go to, in turn", coerce=int, validators=SOME)
    with_tasks = BooleanField("Open tasks, too", default=True)


def with_choices(form: FlaskForm) -> FlaskForm:
    """The form with the people there are now. Whoever left can give, but takes nothing."""
    people = [each for each in users_by_name() if each.can("crm.contacts.view")]
    for name, some in (("people", people), ("takers", people), ("person", people), ("giver", everyone())):
        if name in form:
            form[name].choices = choices((str(each.id), each.name) for each in some)
    if "team_id" in form:
        form.team_id.choices = choices([("0", "No team"), *teams()])
    if "country" in form:
        form.country.choices = choices([("", "Any country"), *countries()])
    return form
