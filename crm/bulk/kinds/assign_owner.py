"""Giving many contacts to one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField

from crm.activity.vocabulary import Actor
from crm.bulk.kinds.kind import Kind
from crm.contacts.fieldset import owners
from crm.contacts.many import change_many, restore_many
from crm.lib.form_checks import choices
from crm.users.models import User


class OwnerForm(FlaskForm):
    """Who is to look after them."""

    owner = SelectField("Owner", validate_choice=False)


class AssignOwner(Kind):
    """Undoing gives each contact back to whom they had."""

    key = "assign_owner"
    label = "Assign an owner"
    icon = "user-check"
    button = "Assign"
    is_for_all_seeing = True
    Form = OwnerForm

    def form(self, user: User) -> FlaskForm:
        form: Any = super().form(user)
        form.owner.choices = choices([("", "Nobody"), *owners()])
        return form

    def params(self, form: Any, user: User) -> dict[str, Any]:  # noqa: ARG002
        names = dict(owners())
        if form.owner.data and form.owner.data not in names:
            raise ValueError("Nobody at the school has this account.")
        return {"owner": form.owner.data or "", "name": names.get(form.owner.data, "")}

    def title(self, params: Mapping[str, Any]) -> str:
        return f"Assign to {params['name'] or 'nobody'}"

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:
        return change_many(ids, "owner", params["owner"], by)

    def undo(self, changes: Mapping[int, Any], params: Mapping[str, Any], by: Actor) -> None:
        restore_many(changes, "owner", params["owner"], by)
