"""Forms of the suppression list and of sending."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length, Optional

from crm.delivery.suppressing import check_address
from crm.lib.form_checks import Passes, trimmed


class SuppressForm(FlaskForm):
    """An address nothing is to be sent to."""

    address = StringField("Email address", [Passes(check_address), Length(max=255)], filters=[trimmed])
    reason = StringField(
        "Why", [Optional(), Length(max=255)], filters=[trimmed], description="For those who wonder later."
    )


class SuppressFileForm(FlaskForm):
    """Many of them, from elsewhere."""

    file = FileField(
        "CSV file",
        [FileRequired("Choose a file.")],
        description="A column of email addresses, and a column “reason” if you have one; up to 200,000 lines.",
        render_kw={"accept": ".csv,.tsv,.txt,text/csv"},
    )


class ReleaseForm(FlaskForm):
    """Writing to an address again."""

    why = StringField(
        "Why may it be written to again?", [InputRequired("Say why."), Length(max=255)], filters=[trimmed]
    )
    is_sure = BooleanField("They asked for our emails again themselves")
