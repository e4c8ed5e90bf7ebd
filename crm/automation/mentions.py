"""Which workflows speak of a tag or a custom field: in a trigger, a step, or a condition of either."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import url_for

from crm.automation.models import Step, Version, Workflow
from crm.custom_fields.models import CustomField
from crm.custom_fields.queries import Use as FieldUse
from crm.database import db
from crm.tags.models import Tag
from crm.tags.queries import Use


def workflows_with(tag: Tag) -> list[Use]:
    """The workflows not archived whose published version or draft speaks of the tag, by name."""
    refs = {str(tag.id), tag.slug}
    return [Use(*each) for each in _speaking(lambda value: _speaks(value, refs, False))]


def workflows_with_field(field: CustomField) -> list[FieldUse]:
    """The same for a custom field, in conditions and merge tags."""
    return [FieldUse(*each) for each in _speaking(lambda value: _names(value, field.name))]


def _speaking(is_meant: Callable[[list[Any]], bool]) -> list[tuple[str, str]]:
    """Title and address of the workflows whose trigger or step is meant."""
    spoken = sa.or_(Version.id == Workflow.published_id, Version.published_at.is_(None))
    versions = (
        sa.select(Workflow.id, Workflow.name, Version.trigger_conditions, Step.step_config)
        .join(Version, Version.workflow_id == Workflow.id)
        .outerjoin(Step, Step.version_id == Version.id)
        .where(Workflow.status != "archived", spoken)
        .order_by(Workflow.name, Workflow.id)
    )
    found = {row.id: row.name for row in db.session.execute(versions) if is_meant([row[2] or {}, row[3] or {}])}
    return [(f"Workflow “{name}”", url_for("workflows.show", workflow_id=number)) for number, name in found.items()]


def _names(value: Any, name: str) -> bool:
    """Whether `value` holds the field's name anywhere, as a whole word."""
    if isinstance(value, dict | list):
        return any(_names(each, name) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and re.search(rf"\b{re.escape(name)}\b", value) is not None


def _speaks(value: Any, refs: set[str], is_about_tags: bool) -> bool:
    """Whether `value` holds one of these references where a tag is meant."""
    if isinstance(value, list):
        return any(_speaks(each, refs, is_about_tags) for each in value)
    if isinstance(value, dict):
        is_clause = value.get("field") == "tags"
        return any(_speaks(each, refs, key == "tag_id" or is_clause) for key, each in value.items())
    return is_about_tags and str(value) in refs
