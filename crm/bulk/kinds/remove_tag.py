"""Taking a tag off many contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm.activity.vocabulary import Actor
from crm.bulk.kinds.add_tag import TagForm
from crm.bulk.kinds.kind import Kind
from crm.database import db
from crm.tags.models import Tag
from crm.tags.operations import tag_contacts, untag_contacts
from crm.tags.queries import tag_by_ref, tag_named
from crm.users.models import User


class RemoveTag(Kind):
    """Those who do not wear it are left alone."""

    key = "remove_tag"
    label = "Remove a tag"
    icon = "tag-off"
    button = "Remove tag"
    Form = TagForm

    def params(self, form: Any, user: User) -> dict[str, Any]:  # noqa: ARG002
        text = form.tag.data or ""
        tag = tag_by_ref(text) or tag_named(text) if text else None
        if tag is None:
            raise ValueError("There is no such tag. Choose one of the list.")
        return {"tag_id": tag.id, "tag": tag.name}

    def title(self, params: Mapping[str, Any]) -> str:
        return f"Remove the tag “{params['tag']}”"

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:
        tag = db.session.get(Tag, params["tag_id"])
        return dict.fromkeys(untag_contacts(tag, ids, by)) if tag else {}

    def undo(self, changes: Mapping[int, Any], params: Mapping[str, Any], by: Actor) -> None:
        if tag := db.session.get(Tag, params["tag_id"]):
            tag_contacts(tag, changes, by)
