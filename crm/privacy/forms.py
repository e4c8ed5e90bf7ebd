"""What forgetting a person asks."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField


class ErasureForm(FlaskForm):
    """The name written out, so that nobody is erased by a slip."""

    name = StringField("Write their name to confirm")
