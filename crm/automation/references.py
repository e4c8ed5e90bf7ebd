"""What a configuration may point at: tags, audiences, templates, users. Stored as an id, written in documents by slug."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from wtforms.fields.choices import SelectChoice

from crm.activity.vocabulary import Actor
from crm.audiences.models import Audience
from crm.broadcasts.models import Broadcast
from crm.database import db
from crm.delivery.models import EmailSender
from crm.email.models import EmailTemplate
from crm.lib.form_checks import choices
from crm.preferences.models import Topic
from crm.tags.models import Tag
from crm.tags.operations import Refused as TagRefused
from crm.tags.operations import ensure_tag
from crm.users.models import User

LARGEST_ID = 2**63 - 1


def optional_id(value: object) -> int | None:
    """The id that was chosen, if one was."""
    return int(str(value)) if value not in (None, "") else None


@dataclass(frozen=True)
class Reference:
    """A kind of thing that can be pointed at. `slug` is its stable name; `make` makes one that is missing, if that is done, by who has the permission."""

    noun: str
    model: Any
    slug: str
    make: Callable[..., Any] | None = None
    permission: str = ""

    def find(self, value: Any) -> int | None:
        """The id meant by an id or a slug; None if there is no such thing."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        by_slug = (
            db.session.scalar(sa.select(self.model.id).where(self._column() == value)) if _is_text(value) else None
        )
        return by_slug if by_slug is not None else self._by_id(value)

    def named(self, name: str, by: Actor) -> int:
        """The id of the one with this name, made if need be. Raises ValueError in words."""
        assert self.make
        try:
            return self.make(name, by).id
        except TagRefused as refusal:
            raise ValueError(str(refusal)) from None

    def slug_of(self, number: int) -> str | int:
        """How documents write it: the slug, or the bare id of what is gone."""
        found = db.session.scalar(sa.select(self._column()).where(self.model.id == number))
        return number if found is None else found

    def name_of(self, number: Any) -> str:
        """What to call it in a sentence."""
        found = db.session.get(self.model, number) if self._by_id(number) is not None else None
        return f"“{found.name}”" if found else "(deleted)"

    def options(self) -> list[SelectChoice]:
        """All of them as choices, by name."""
        rows = db.session.execute(sa.select(self.model.id, self.model.name).order_by(self.model.name, self.model.id))
        return choices((str(number), name) for number, name in rows)

    def choices(self, nothing: str = "") -> list[SelectChoice]:
        """All of them, and first the choice of none in these words."""
        return [*choices([("", nothing or f"Choose a {self.noun}")]), *self.options()]

    def _by_id(self, value: Any) -> int | None:
        if not str(value).isascii() or not str(value).isdigit() or int(value) > LARGEST_ID:
            return None
        return db.session.scalar(sa.select(self.model.id).where(self.model.id == int(value)))

    def _column(self) -> Any:
        return getattr(self.model, self.slug)


def _is_text(value: Any) -> bool:
    """Whether it can be a slug: text that the database can hold."""
    return isinstance(value, str) and "\0" not in value and value.isprintable()


@dataclass(frozen=True)
class ById(Reference):
    """What has no stable name of its own: documents write its id."""

    def find(self, value: Any) -> int | None:
        return None if isinstance(value, bool) or not isinstance(value, int | str) else self._by_id(value)

    def slug_of(self, number: int) -> str | int:
        return number


TAG = Reference("tag", Tag, "slug", make=ensure_tag, permission="crm.tags.manage")
AUDIENCE = Reference("audience", Audience, "slug")
BROADCAST = ById("broadcast", Broadcast, "id")
TEMPLATE = Reference("template", EmailTemplate, "slug")
TOPIC = Reference("topic", Topic, "slug")
USER = Reference("user", User, "email")
SENDER = Reference("sender", EmailSender, "address")
