"""What a kind of bulk action is: its form, its words, what it does to a batch of contacts, and how that is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm

from crm.activity.vocabulary import Actor
from crm.users.models import User


class Kind:
    """One thing that can be done to many contacts. Doing it twice to the same contacts changes nothing."""

    key: str
    label: str
    icon: str
    button: str
    permission = "crm.contacts.edit"
    is_undoable = True
    note = ""
    """What to know before."""
    is_for_all_seeing = False
    Form: type[FlaskForm]

    def is_for(self, user: User) -> bool:
        """Whether this user may do it."""
        return user.can(self.permission) and not (self.is_for_all_seeing and user.sees_assigned_only)

    def form(self, user: User) -> FlaskForm:  # noqa: ARG002
        """The form, empty or as posted."""
        return self.Form(prefix=f"{self.key}-")

    def params(self, form: Any, user: User) -> dict[str, Any]:
        """What the form asks for, as JSON. Raises ValueError in words."""
        raise NotImplementedError

    def title(self, params: Mapping[str, Any]) -> str:
        """The action in words."""
        raise NotImplementedError

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:
        """Do it to these contacts; for each one changed what undoing needs to know, as JSON."""
        raise NotImplementedError

    def undo(self, changes: Mapping[int, Any], params: Mapping[str, Any], by: Actor) -> None:
        """Take it back for these contacts, except where somebody has since changed it again."""
        raise NotImplementedError
