"""Adding a tag to many contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import StringField

from crm.activity.vocabulary import Actor
from crm.bulk.kinds.kind import Kind
from crm.database import db
from crm.lib.form_checks import trimmed
from crm.tags.models import Tag
from crm.tags.operations import Refused, ensure_tag, tag_contacts, untag_contacts
from crm.tags.queries import tag_by_ref, tag_named
from crm.users.models import User


class TagForm(FlaskForm):
    """The tag, by name."""

    tag = StringField(
        "Tag", filters=[trimmed], render_kw={"list": "every-tag", "autocomplete": "off", "maxlength": 100}
    )


class AddTag(Kind):
    """Those who wear it already are left alone, and keep it when the others lose it again."""

    key = "add_tag"
    label = "Add a tag"
    icon = "tag"
    button = "Add tag"
    Form = TagForm

    def params(self, form: Any, user: User) -> dict[str, Any]:
        text = form.tag.data or ""
        tag = tag_by_ref(text) or tag_named(text) if text else None
        if tag is None and not user.can("crm.tags.manage"):
            raise ValueError("There is no such tag. Choose one of the list.")
        try:
            tag = tag or ensure_tag(text, user.actor)
        except Refused as refused:
            raise ValueError(str(refused) if text else "Write which tag.") from refused
        return {"tag_id": tag.id, "tag": tag.name}

    def title(self, params: Mapping[str, Any]) -> str:
        return f"Add the tag “{params['tag']}”"

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:
        tag = db.session.get(Tag, params["tag_id"])
        return dict.fromkeys(tag_contacts(tag, ids, by)) if tag else {}

    def undo(self, changes: Mapping[int, Any], params: Mapping[str, Any], by: Actor) -> None:
        if tag := db.session.get(Tag, params["tag_id"]):
            untag_contacts(tag, changes, by)
