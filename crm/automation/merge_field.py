"""Checks of form fields whose text may hold merge tags."""

from __future__ import annotations

from wtforms import Field, Form
from wtforms.validators import ValidationError

from crm.automation.view import MERGE_NAMES
from crm.email.compose import check
from crm.email.values import known
from crm.lib import merge_tags


def merge_tags_known(_form: Form, field: Field) -> None:
    """Refuses text with a merge tag that nothing fills in."""
    for problem in merge_tags.check(field.data or "", MERGE_NAMES):
        raise ValidationError(str(problem))


def email_tags_known(_form: Form, field: Field) -> None:
    """Refuses text with a merge tag that no email fills in."""
    for problem in merge_tags.check(field.data or "", known()):
        raise ValidationError(str(problem))


def email_can_be_written(_form: Form, field: Field) -> None:
    """Refuses the Markdown of an email that could not be sent: an unknown merge tag, a link that leads nowhere."""
    text = field.data or ""
    for problem in check("markdown", "A subject", "", text, known()).get("body", ()) if text.strip() else ():
        raise ValidationError(problem)
