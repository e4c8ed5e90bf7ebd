"""What an export asks."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField

from crm.exports.models import FORMATS

HINTS = {"csv": "CSV, for any spreadsheet or program", "xlsx": "Excel workbook"}


class ExportForm(FlaskForm):
    """The kind of file; `query` is the address of the list."""

    format = RadioField("File", choices=[(each, HINTS[each]) for each in FORMATS], default="csv")
    query = HiddenField()
