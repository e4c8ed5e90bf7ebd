"""Forms of the backup pages: each dangerous one asks for the password again."""

from __future__ import annotations

from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import Field, PasswordField, StringField, ValidationError
from wtforms.validators import InputRequired

from crm.lib.form_checks import trimmed
from crm.users.passwords import is_right

WORD = "restore"


class PasswordAgain(FlaskForm):
    """The password of whoever is signed in, to show that it is them."""

    password = PasswordField("Your password", [InputRequired("Write your password.")])

    def validate_password(self, field: Field) -> None:
        if not is_right(current_user.password_hash, field.data or ""):
            raise ValidationError("This is not your password.")


class RestoreForm(PasswordAgain):
    """A word that nobody writes by accident."""

    word = StringField(f"Write “{WORD}”", [InputRequired(f"Write “{WORD}” to go on.")], filters=[trimmed])

    def validate_word(self, field: Field) -> None:
        if (field.data or "").casefold() != WORD:
            raise ValidationError(f"Write “{WORD}” to go on.")


class UploadForm(FlaskForm):
    """A backup from elsewhere."""

    file = FileField("Backup file", [FileRequired("Choose a file.")])
