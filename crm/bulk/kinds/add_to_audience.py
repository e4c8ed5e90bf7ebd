"""Letting many contacts into an audience that is a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField

from crm.activity.vocabulary import Actor
from crm.audiences.models import Audience
from crm.audiences.operations import Refused, add_to_audience, remove_from_audience
from crm.audiences.queries import audience_by_ref, static_audiences
from crm.bulk.kinds.kind import Kind
from crm.database import db
from crm.lib.form_checks import choices
from crm.users.models import User


class AudienceForm(FlaskForm):
    """Which audience."""

    audience = SelectField("Audience", validate_choice=False)


class AddToAudience(Kind):
    """Members already are left alone, and stay when the others leave again."""

    key = "add_to_audience"
    label = "Add to an audience"
    icon = "users-plus"
    button = "Add to audience"
    Form = AudienceForm

    def form(self, user: User) -> FlaskForm:
        form: Any = super().form(user)
        form.audience.choices = choices([("", "Choose…"), *((each.slug, each.name) for each in static_audiences())])
        return form

    def params(self, form: Any, user: User) -> dict[str, Any]:  # noqa: ARG002
        found = audience_by_ref(form.audience.data or None)
        if found is None or found.is_dynamic:
            raise ValueError("Choose an audience that is a list.")
        return {"audience_id": found.id, "audience": found.name}

    def title(self, params: Mapping[str, Any]) -> str:
        return f"Add to the audience “{params['audience']}”"

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:
        found = db.session.get(Audience, params["audience_id"])
        try:
            return dict.fromkeys(add_to_audience(found, ids, by)) if found else {}
        except Refused:
            return {}

    def undo(self, changes: Mapping[int, Any], params: Mapping[str, Any], by: Actor) -> None:
        found = db.session.get(Audience, params["audience_id"])
        if found and not found.is_dynamic:
            remove_from_audience(found, changes, by)
