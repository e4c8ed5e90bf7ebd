"""Checks of form fields whose text may hold merge tags."""

from __future__ import annotations

from wtforms import Field, Form
from wtforms.validators import ValidationError

from crm.automation.view import MERGE_NAMES
from crm.lib import merge_tags


def merge_tags_known(_form: Form, field: Field) -> None:
    """Refuses text with a merge tag that nothing fills in."""
    for problem in merge_tags.check(field.data or "", MERGE_NAMES):
        raise ValidationError(str(problem))


email_tags_known = merge_tags_known
