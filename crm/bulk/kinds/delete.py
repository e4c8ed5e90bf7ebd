"""Deleting many contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_wtf import FlaskForm
from wtforms import BooleanField

from crm.activity.vocabulary import Actor
from crm.bulk.kinds.kind import Kind
from crm.contacts.models import Contact
from crm.contacts.operations import delete_contact
from crm.database import db
from crm.users.models import User


class DeleteForm(FlaskForm):
    """That it is meant."""

    is_meant = BooleanField("Delete these contacts and everything recorded about them")


class Delete(Kind):
    """Each as if deleted alone, with everything that hangs on them."""

    key = "delete"
    label = "Delete"
    icon = "trash"
    button = "Delete contacts"
    permission = "crm.contacts.delete"
    is_undoable = False
    note = "Not undone here; each contact can be brought back from “Recently deleted”."
    Form = DeleteForm

    def params(self, form: Any, user: User) -> dict[str, Any]:  # noqa: ARG002
        if not form.is_meant.data:
            raise ValueError("Tick the box to say that you mean it.")
        return {}

    def title(self, params: Mapping[str, Any]) -> str:  # noqa: ARG002
        return "Delete"

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:  # noqa: ARG002
        found = db.session.scalars(sa.select(Contact).where(Contact.id.in_(ids))).all()
        for contact in found:
            delete_contact(contact, by)
        return dict.fromkeys(each.id for each in found)
