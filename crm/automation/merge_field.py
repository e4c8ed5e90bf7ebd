"""Checks of form fields whose text may hold merge tags."""

from __future__ import annotations

from wtforms import Field, Form
from wtforms.validators import ValidationError

from crm.automation.view import MERGE_NAMES
from crm.email import values
from crm.lib import merge_tags


def merge_tags_known(_form: Form, field: Field) -> None:
    """Refuses text with a merge tag that nothing fills in."""
    for problem in merge_tags.check(field.data or "", MERGE_NAMES):
        raise ValidationError(str(problem))


def email_tags_known(_form: Form, field: Field) -> None:
    """The same for text that becomes an email, which knows more of the contact."""
    for problem in merge_tags.check(field.data or "", values.KNOWN):
        raise ValidationError(str(problem))
